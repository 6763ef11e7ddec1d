"""The devices of this machine, and their precision."""

from __future__ import annotations

import os
from typing import Protocol

import torch

from clinsynth.config import TrainerConfig
from clinsynth.errors import ConfigError


class ComputeSettings(Protocol):
    """Settings that `config.check_hardware` has seen."""

    accelerator: str
    precision: str


def precision(wanted: ComputeSettings) -> str:
    """Resolve `auto`: bf16 where the hardware computes it, else fp32."""
    if wanted.precision != "auto":
        return wanted.precision
    if wanted.accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    if wanted.accelerator in ("gpu", "mps") or torch.backends.mps.is_available():
        return "32-true"
    capabilities = torch.cpu.get_capabilities()
    return "bf16-mixed" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "32-true"


def device(accelerator: str) -> str:
    """Return `cuda`, `mps` or `cpu`; raises ConfigError for one that is not here."""
    if accelerator in ("gpu", "auto") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("mps", "gpu", "auto") and torch.backends.mps.is_available():
        return "mps"
    if accelerator in ("gpu", "mps"):
        raise ConfigError(f"accelerator={accelerator}: this machine has none; auto takes what there is.")
    return "cpu"


def devices(trainer: TrainerConfig) -> list[int] | int:
    """Return what Lightning trains on; raises ConfigError for a GPU that is not here."""
    if not trainer.devices:
        return 1
    there = torch.cuda.device_count() if trainer.accelerator in ("auto", "gpu") else 0
    if max(trainer.devices) >= there:
        raise ConfigError(
            f"trainer.devices={trainer.devices} with trainer.accelerator={trainer.accelerator}: this machine has "
            f"{there} GPUs for it, numbered from 0; [] takes what there is."
        )
    return list(trainer.devices)


def share_cores(jobs: int) -> None:
    """Limit this process to its share of the cores when `jobs` run side by side: more threads are far slower."""
    if jobs > 1:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
