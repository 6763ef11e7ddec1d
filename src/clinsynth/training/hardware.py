"""What this machine computes on, and how precisely."""

from __future__ import annotations

from typing import Protocol

import torch

from clinsynth.errors import ConfigError


class Wanted(Protocol):
    """Settings that `config.check_hardware` has seen."""

    accelerator: str
    precision: str


def precision(wanted: Wanted) -> str:
    """`auto` resolved: bf16 where the hardware computes it, else fp32."""
    if wanted.precision != "auto":
        return wanted.precision
    if wanted.accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    if wanted.accelerator in ("gpu", "mps") or torch.backends.mps.is_available():
        return "32-true"
    capabilities = torch.cpu.get_capabilities()
    return "bf16-mixed" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "32-true"


def device(accelerator: str) -> str:
    """`cuda`, `mps` or `cpu`; raises ConfigError for one that is not here."""
    if accelerator in ("gpu", "auto") and torch.cuda.is_available():
        return "cuda"
    if accelerator in ("mps", "gpu", "auto") and torch.backends.mps.is_available():
        return "mps"
    if accelerator in ("gpu", "mps"):
        raise ConfigError(f"accelerator={accelerator}: this machine has none; auto takes what there is.")
    return "cpu"
