"""What computes the outputs of a saved model: PyTorch, or the runtime that its folder was exported for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.errors import ConfigError
from clinsynth.learning.encoder.batches import Batch

ONNX_FILE, OPENVINO_FILE = "model.onnx", "openvino_model.xml"
"""Names that other tools look for, too."""


@dataclass(frozen=True)
class Compute:
    """The place where a model computes, and how exactly."""

    device: str
    """cpu, cuda, mps; what is exported computes on the CPU."""
    half: torch.dtype | None
    """The precision of half of the computations; `None` computes all of them in full."""
    workers: int
    """Batches at once."""


class Runtime(Protocol):
    """A model that is ready to compute, by several threads at once."""

    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the logits of a batch [rows, ...] in full precision."""


@dataclass(frozen=True)
class Torch:
    network: Any
    compute: Compute

    def __call__(self, batch: Batch) -> torch.Tensor:
        device, half = self.compute.device, self.compute.half
        inputs = {name: torch.from_numpy(rows).to(device) for name, rows in batch.items()}
        with torch.inference_mode(), torch.autocast(device, half, enabled=half is not None):
            logits: torch.Tensor = self.network(**inputs).logits.float()
        return logits


@dataclass(frozen=True)
class Onnx:
    run: Callable[[Batch], NDArray[np.float32]]
    names: tuple[str, ...]

    def __call__(self, batch: Batch) -> torch.Tensor:
        return torch.from_numpy(self.run({name: batch[name] for name in self.names}))


def of_network(network: Any, *, compute: Compute) -> Torch:
    """Return a PyTorch model; changes the weights of its linear layers to what autocast makes of them in each batch."""
    if compute.half is not None:
        for layer in network.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.to(compute.half)
    return Torch(network.to(compute.device), compute)


def open_onnx(folder: Path, *, compute: Compute) -> Onnx:
    """Return a model that ONNX Runtime computes, each batch by this process's number of threads."""
    try:
        import onnxruntime
    except ImportError as error:
        raise _missing("onnx", "ONNX Runtime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(folder / ONNX_FILE), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of its own kinds, one for each of its codes
        raise RuntimeError(str(error)) from error
    return Onnx(lambda batch: session.run(None, batch)[0], tuple(given.name for given in session.get_inputs()))


def open_openvino(folder: Path, *, compute: Compute) -> Onnx:
    """Return a model that OpenVINO computes, a stream for each worker."""
    try:
        import openvino
    except ImportError as error:
        raise _missing("openvino", "OpenVINO") from error
    exact = "bf16" if compute.half is torch.bfloat16 else "f32"
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads() * compute.workers,
        "NUM_STREAMS": compute.workers,
        "INFERENCE_PRECISION_HINT": exact,
    }
    compiled = openvino.Core().compile_model(folder / OPENVINO_FILE, "CPU", settings)

    def run(batch: Batch) -> NDArray[np.float32]:
        request = compiled.create_infer_request()  # one is not shared by threads
        return np.array(request.infer(batch)[compiled.output(0)])

    return Onnx(run, tuple(given.any_name for given in compiled.inputs))


RUNTIMES: Mapping[str, Callable[..., Runtime]] = {"onnx": open_onnx, "openvino": open_openvino}
"""By the name that an exported folder says."""


def _missing(extra: str, library: str) -> ConfigError:
    return ConfigError(
        f"the model was exported for {library}, which is not installed: pip install 'clinsynth[{extra}]'."
    )
