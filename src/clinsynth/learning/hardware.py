"""The devices of this machine, and their precision."""

from __future__ import annotations

import os
import platform
import runpy
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Protocol

from clinsynth.config import TrainerConfig
from clinsynth.errors import ConfigError

BF16 = {"avx512_bf16", "amx_bf16"}
"""What a CPU that computes in bf16 has, by the names of Linux and of torch."""

SETTLED = ("bf16-mixed", "32-true")
"""What `auto` comes to, on one machine or another."""

GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri", "/dev/dxg", "/dev/nvmap")
"""Of which a machine has none whose torch can find no GPU."""

CORES_OF_A_BATCH = 4
"""Cores that a batch keeps busy when a model reads."""


class ComputeSettings(Protocol):
    """Settings that `config.check_hardware` has seen."""

    accelerator: str
    precision: str


def precision(wanted: ComputeSettings) -> str:
    """Resolve `auto`: bf16 where the hardware computes it, else fp32."""
    if wanted.precision != "auto":
        return wanted.precision
    return _best(wanted.accelerator)


def _best(accelerator: str) -> str:
    if _only_cpus():
        return "bf16-mixed" if accelerator not in ("gpu", "mps") and _cpu_flags() & BF16 else "32-true"
    import torch  # takes seconds

    if accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    if accelerator in ("gpu", "mps") or torch.backends.mps.is_available():
        return "32-true"
    return "bf16-mixed" if any(map(torch.cpu.get_capabilities().get, BF16)) else "32-true"


@cache
def _only_cpus() -> bool:
    """Say whether torch need not be asked: on Linux nothing but the flags of CPUs counts without a GPU.

    So it is where torch is built for CPUs, or is not there at all: a login node plans what others compute.
    """
    if not sys.platform.startswith("linux"):
        return False
    found = find_spec("torch")
    if found is None or found.origin is None or not any(map(os.path.exists, GPU_FILES)):
        return True
    file = Path(found.origin).with_name("version.py")
    built = runpy.run_path(str(file)) if file.is_file() else {}
    return all(built.get(name, "unknown") is None for name in ("cuda", "hip", "xpu"))


@cache
def _cpu_flags() -> set[str]:
    """Return the flags of the first core; none on other machines than x86, of which torch tells nothing either."""
    if platform.machine() != "x86_64":
        return set()
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").partition(":")[2].split())


def device(accelerator: str) -> str:
    """Return `cuda`, `mps` or `cpu`; raises ConfigError for one that is not here."""
    import torch

    if accelerator in ("gpu", "auto") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("mps", "gpu", "auto") and torch.backends.mps.is_available():
        return "mps"
    if accelerator in ("gpu", "mps"):
        raise ConfigError(f"accelerator={accelerator}: this machine has none; auto takes what there is.")
    return "cpu"


def devices(trainer: TrainerConfig) -> list[int] | int:
    """Return what Lightning trains on; raises ConfigError for a GPU that is not here.

    Several devices of `accelerator=cpu` are as many processes, for trying out how several train together.
    """
    if not trainer.devices:
        return 1
    if trainer.accelerator == "cpu" and len(trainer.devices) > 1:
        return len(trainer.devices)
    import torch

    there = torch.cuda.device_count() if trainer.accelerator in ("auto", "gpu") else 0
    if max(trainer.devices) >= there:
        raise ConfigError(
            f"trainer.devices={trainer.devices} with trainer.accelerator={trainer.accelerator}: this machine has "
            f"{there} GPUs for it, numbered from 0; [] takes what there is."
        )
    return list(trainer.devices)


def check_compiler(accelerator: str) -> None:
    """Raise ConfigError where PyTorch has nothing to compile a model with."""
    from torch.utils._triton import has_triton

    on_gpu = device(accelerator) == "cuda"
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")  # PyTorch takes it
    if not (has_triton() if on_gpu else which(compiler)):
        needs = "Triton" if on_gpu else f"a C++ compiler ({compiler})"
        raise ConfigError(f"trainer.compile=true needs {needs}, which is not here; leave trainer.compile=false.")


def share_cores(jobs: int) -> None:
    """Limit this process to its share of the cores when `jobs` run side by side: more threads are far slower."""
    if jobs > 1:
        import torch

        torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))


def readers(wanted: int | None, *, device: str) -> int:
    """Return how many batches are read at once: on a CPU few cores are kept busy by one, many are not."""
    if device != "cpu":
        return 1
    return wanted or max(1, (os.cpu_count() or 1) // CORES_OF_A_BATCH)
