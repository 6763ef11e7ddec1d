"""Exports a trained model for another runtime: of the ways there are the fastest that keeps the score."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.learning.encoder import conversion
from clinsynth.learning.encoder.batches import Batch, padded, token_batches
from clinsynth.learning.encoder.opening import OpenedEncoder, open_model
from clinsynth.learning.learner import KEPT, Opening
from clinsynth.task import Kind

CALIBRATING = 300
"""Examples whose activations say how wide the numbers of int8 have to be."""

_TOKENS = 512
"""Word pieces of a batch of them."""


def export(
    folder: Path,
    to: Path,
    *,
    kinds: Mapping[str, Kind],
    format: str,
    precision: str,
    examples: Sequence[Any],
    share: Callable[[Path], float],
) -> str:
    """Fill the folder `to` with the model of another; return how it was quantized, empty where it was not.

    `share` says which share of the model's score a folder keeps. Of the ways of a precision the first that keeps
    `KEPT` of it is taken, or the best of them; `examples` are of the training data, and calibrate. Raises ConfigError
    where a library is missing, or for a model that was exported already.
    """
    conversion.check_libraries(format, precision=precision)
    if runtime := saved.describe_model(folder).runtime:
        raise ConfigError(
            f"model={folder} was exported for {runtime}: export the model of the run that trained it, or this one as "
            "it is, with format=transformers."
        )
    model = open_model(folder, kinds=kinds, how=Opening())
    ways = conversion.WAYS[format, precision]
    calibration = _calibration(model, examples) if any(ways) else []
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".export-") as scratch:
        graph = Path(scratch) / "graph"
        graph.mkdir()
        conversion.write_graph(folder, graph, kind=model.kind)
        kept: dict[str, float] = {}
        for way, quantize in ways.items():
            made = Path(scratch) / (way or precision)
            made.mkdir()
            quantize(graph, made, calibration)
            how = {"runtime": format, "precision": precision, "quantized": way, "opset": conversion.OPSET}
            conversion.describe(folder, made, made=how, task=model.task, labels=model.reader.labels)
            kept[way] = share(made) if len(ways) > 1 else 1.0
            if kept[way] >= KEPT:
                break
        best = max(kept, key=lambda way: kept[way])
        shutil.copytree(Path(scratch) / (best or precision), to, dirs_exist_ok=True)
    return best


def _calibration(model: OpenedEncoder, examples: Sequence[Any]) -> list[Batch]:
    """Return inputs of some of the examples, drawn by a random number of its own."""
    drawn = random.Random(0).sample(list(examples), min(CALIBRATING, len(examples)))
    rows = [model.inputs(encoded) for encoded in model.encode(drawn)]
    batches = token_batches([len(row["input_ids"]) for row in rows], most=_TOKENS)
    return [padded([rows[place] for place in batch], tokenizer=model.reader.tokenizer) for batch in batches]
