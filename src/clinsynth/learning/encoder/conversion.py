"""Writes a trained model for another runtime: ONNX, or OpenVINO made of it, in full precision or in int8."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.learning.encoder.backbones import OWN_CODE, SAFE
from clinsynth.learning.encoder.batches import Batch, padded
from clinsynth.learning.encoder.runtimes import ONNX_FILE, OPENVINO_FILE, Compute, open_onnx
from clinsynth.task import Kind

OPSET = 17
"""Version of ONNX's operators."""

SINGLE_FILE = 1_800_000_000
"""Bytes of weights that fit into one file of ONNX, which ends at two gigabytes."""

ALIKE = 1e-3
"""Logits of a graph differ by less than this from those of the model that it was made of."""

Quantize = Callable[[Path, Path, Sequence[Batch]], None]
"""Turns the graph of one folder into one of another, with inputs that calibrate it."""


def check_libraries(format: str, *, precision: str) -> None:
    """Raise ConfigError where a library that the format needs is not installed."""
    needed = ["onnx", "onnxruntime"]
    if format == "openvino":
        needed += ["openvino", "nncf"] if precision == "int8" else ["openvino"]
    lacking = [name for name in needed if find_spec(name) is None]
    if lacking:
        raise ConfigError(
            f"format={format} precision={precision} needs {', '.join(lacking)}: pip install 'clinsynth[{format}]'."
        )


def write_graph(folder: Path, to: Path, *, kind: Kind) -> None:
    """Write the model of a folder as an ONNX graph of any number of rows and pieces, in full precision.

    Raises ConfigError for a model that is too large, RuntimeError where the graph does not compute what the model does.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, add_prefix_space=True, **OWN_CODE)
    network = kind.model().Auto.from_pretrained(folder, local_files_only=True, **OWN_CODE, **SAFE).eval()
    size = sum(weights.nbytes for weights in network.parameters())
    if size > SINGLE_FILE:
        raise ConfigError(f"model={folder} has {size / 1e9:.1f} GB of weights, and a file of ONNX ends at two.")
    example = _example(tokenizer, ("a fever", "no fever at all today"))
    free = {name: {0: "rows", 1: "pieces"} for name in example}
    with _quiet(), torch.inference_mode():
        torch.onnx.export(  # by tracing, which takes a second where the newer exporter takes minutes
            _Logits(network, tuple(example)).eval(),  # or the network is left in training mode
            tuple(torch.from_numpy(rows) for rows in example.values()),
            str(to / ONNX_FILE),
            input_names=list(example),
            output_names=["logits"],
            dynamic_axes=free | {"logits": {0: "rows"} if kind.reading().WHOLE else {0: "rows", 1: "pieces"}},
            opset_version=OPSET,
            dynamo=False,
        )
    _check_alike(network, to, batches=[example, _example(tokenizer, ("She has gout and a cough.",) * 3)])


class _Logits(torch.nn.Module):
    """A network whose inputs are given by place, and which returns logits alone."""

    def __init__(self, network: Any, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *rows: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(**dict(zip(self.names, rows, strict=True))).logits
        return logits


def _example(tokenizer: Any, texts: Sequence[str]) -> Batch:
    pieces = tokenizer(list(texts))
    names = [name for name in tokenizer.model_input_names if name in pieces]
    return padded([{name: pieces[name][row] for name in names} for row in range(len(texts))], tokenizer=tokenizer)


def _check_alike(network: Any, to: Path, *, batches: Sequence[Batch]) -> None:
    graph = open_onnx(to, compute=Compute("cpu", None, 1))
    for batch in batches:
        with torch.inference_mode():
            wanted = network(**{name: torch.from_numpy(rows) for name, rows in batch.items()}).logits
        read = torch.from_numpy(batch["attention_mask"]).bool() if wanted.ndim == 3 else slice(None)
        apart = float((graph(batch)[read] - wanted[read]).abs().max())
        if apart > ALIKE:
            raise RuntimeError(f"the ONNX graph computes logits that are {apart:.4f} from the model's")


def describe(folder: Path, to: Path, *, made: Mapping[str, Any], task: str, labels: Sequence[str]) -> None:
    """Write config and tokenizer beside a graph; `made` says in the config how it was made."""
    for path in saved.tokenizer_files(folder):
        shutil.copyfile(path, to / path.name)
    content = json.loads((folder / saved.CONFIG).read_text(encoding="utf-8"))
    own = content.get(saved.SECTION) or saved.section(learner="encoder", task=task, labels=labels)
    content[saved.SECTION] = own | {name: value for name, value in made.items() if value}
    (to / saved.CONFIG).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _onnx_as_it_is(graph: Path, to: Path, _: Sequence[Batch]) -> None:
    shutil.copyfile(graph / ONNX_FILE, to / ONNX_FILE)


def _onnx_dynamic(graph: Path, to: Path, _: Sequence[Batch]) -> None:
    """Quantize weights now, and activations when they are there.

    Weights have seven bits: with eight, processors without VNNI add up products in sixteen bits, which overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet():
        quantize_dynamic(
            graph / ONNX_FILE,
            to / ONNX_FILE,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )


def _openvino_as_it_is(graph: Path, to: Path, _: Sequence[Batch]) -> None:
    import openvino

    openvino.save_model(openvino.Core().read_model(graph / ONNX_FILE), to / OPENVINO_FILE, compress_to_fp16=False)


def _openvino_full(graph: Path, to: Path, calibration: Sequence[Batch]) -> None:
    """Quantize weights and activations, whose ranges are those of the calibrating inputs."""
    import openvino

    nncf = _nncf()
    model = openvino.Core().read_model(graph / ONNX_FILE)
    with _quiet():
        quantized = nncf.quantize(
            model,
            nncf.Dataset(list(calibration)),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(calibration),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE  # seven bits, as above
            ),
        )
    openvino.save_model(quantized, to / OPENVINO_FILE, compress_to_fp16=False)


def _openvino_weights(graph: Path, to: Path, _: Sequence[Batch]) -> None:
    """Quantize weights alone: a smaller file, whose sums are those of full precision."""
    import openvino

    nncf = _nncf()
    with _quiet():
        model = nncf.compress_weights(
            openvino.Core().read_model(graph / ONNX_FILE), mode=nncf.CompressWeightsMode.INT8_SYM
        )
    openvino.save_model(model, to / OPENVINO_FILE, compress_to_fp16=False)


WAYS: Mapping[tuple[str, str], Mapping[str, Quantize]] = {
    ("onnx", "fp32"): {"": _onnx_as_it_is},
    ("onnx", "int8"): {"dynamic": _onnx_dynamic},
    ("openvino", "fp32"): {"": _openvino_as_it_is},
    ("openvino", "int8"): {"full": _openvino_full, "weights": _openvino_weights},
}
"""By format and precision: the ways there are, the fastest first, each by its name in the model's config."""


def _nncf() -> Any:
    """Return the library, which else would tell its makers that it is used."""
    os.environ["NNCF_CI"] = "1"
    import nncf

    nncf.set_log_level(logging.ERROR)
    return nncf


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what exporters say of their steps from the terminal."""
    before = logging.root.manager.disable
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
