"""Opens a trained model: what its folder says about how it reads, and its outputs for windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoConfig,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    logging,
)

from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.learning.encoder.backbones import BROKEN
from clinsynth.task import EncoderReading, Kind, Reader, Window

_BARE = 128
"""Word pieces of a window, for a model that does not say how long its texts were."""

_LEAST = 64
"""Word pieces of a window: a sentence, and some context."""

_BEHIND_PADDING = ("roberta", "camembert", "xlm-roberta", "longformer")
"""Kinds of models whose positions begin behind that of the padding."""


@dataclass(frozen=True)
class OpenedEncoder:
    """A model that is ready to read."""

    task: str
    reading: EncoderReading
    reader: Reader
    network: Any
    batch_size: int
    device: str
    half: torch.dtype | None
    """The precision of half of its computations; `None` computes all of them in full."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """How sure it has to be of a span, by label."""

    @property
    def markers(self) -> tuple[str, ...]:
        """Return the words that each of its texts has once."""
        return self.reader.markers

    def read(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return what it says of each text; the windows of all of them are sorted by length together."""
        cuts = self.reading.cut(texts, reader=self.reader)
        outputs = iter(self.outputs([window for cut in cuts for window in cut.windows]))
        found = []
        for cut in cuts:
            own = [next(outputs) for _ in cut.windows]
            line = self.reading.answer(cut, outputs=own, labels=self.reader.labels)
            if self.thresholds:
                line["spans"] = [s for s in line["spans"] if s["score"] >= self.thresholds.get(s["label"], 0.0)]
            found.append(line | ({"error": cut.error} if cut.error else {}))
        return found

    def outputs(self, windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        """Return probabilities of the pieces of each window [pieces, labels], or of the whole [labels]."""
        found: list[NDArray[np.float32] | None] = [None] * len(windows)
        order = sorted(range(len(windows)), key=lambda number: -len(windows[number]))
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            inputs = [windows[number].inputs for number in batch]
            padded = self.reader.tokenizer.pad(inputs, return_tensors="pt").to(self.device)
            with torch.inference_mode(), torch.autocast(self.device, self.half, enabled=self.half is not None):
                logits = self.network(**padded).logits
            rows = self.reading.probabilities(logits.float()).cpu().numpy()
            for number, row in zip(batch, rows, strict=True):
                pieces = windows[number].pieces
                found[number] = row if pieces is None else row[list(pieces)]
        return [output for output in found if output is not None]


def open_model(
    folder: Path,
    *,
    kinds: Mapping[str, Kind],
    window: int | None,
    overlap: float,
    batch_size: int,
    device: str,
    precision: str,
) -> OpenedEncoder:
    """Open the model of a folder, which has learnt one of the tasks `kinds`.

    Raises ConfigError for a folder that holds no model, or one that neither marks nor classifies texts.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        said = saved.describe_model(folder)
        kind = _kind(config, folder, kinds=kinds).with_head(said.head)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, add_prefix_space=True)
        network = kind.model().Auto.from_pretrained(folder, local_files_only=True).eval()
    except BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"model={folder} holds no model that can be opened ({reason}). Train it again, the same command with "
            "force=true; where it came from elsewhere, download it again."
        ) from error
    labels = tuple(config.id2label[number] for number in range(len(config.id2label)))
    labels = said.labels if said.head else labels  # the outputs of another head are no labels
    reading = kind.reading()
    size = _size(window, whole=reading.WHOLE, config=config)
    reader = Reader(tokenizer, labels, _markers(tokenizer), size=size, overlap=overlap, sentences=said.sentences)
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    return OpenedEncoder(kind.name, reading, reader, network.to(device), batch_size, device, half, said.thresholds)


def _kind(config: PretrainedConfig, folder: Path, *, kinds: Mapping[str, Kind]) -> Kind:
    """Return the task that the folder names; models of the first edition, or from elsewhere, have a head."""
    named = saved.describe_model(folder).task
    if named is not None and named in kinds:
        return kinds[named]
    if named is not None:
        raise ConfigError(
            f"model={folder} has learnt the task {named}, which this release does not know: it knows "
            f"{', '.join(sorted(kinds))}."
        )
    found = next((kind for kind in kinds.values() if kind.model().recognises(config)), None)
    if found is None:
        name = (config.architectures or ["a model without a head"])[0]
        raise ConfigError(
            f"model={folder} holds {name}, which has not learnt a task: it needs one that `clinsynth train` saved, or "
            "another whose name ends in TokenClassification or SequenceClassification."
        )
    return found


def _markers(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Return words such as `@GENE$` that the tokenizer was taught to keep whole."""
    return tuple(word for word in tokenizer.get_added_vocab() if word.startswith("@") and word.endswith("$"))


def _size(window: int | None, *, whole: bool, config: PretrainedConfig) -> int:
    """Return the word pieces of a window: of the texts that the model learnt from, where its folder says so."""
    places = int(getattr(config, "max_position_embeddings", 0) or _BARE)
    if config.model_type in _BEHIND_PADDING:
        places -= int(config.pad_token_id or 0) + 1
    if window is not None and window > places:
        raise ConfigError(f"predict.window={window} is out of range: the model has {places} positions.")
    learnt = getattr(config, "text_pieces", {"most": _BARE, "longest": places})
    return window or min(places, max(_LEAST, learnt["longest" if whole else "most"]))
