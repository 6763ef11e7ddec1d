"""Several devices that train one model: how their processes start, which one this is, and what they write down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType
from typing import Any, Literal

from clinsynth.config import Strategy, TrainerConfig
from clinsynth.files.json_lines import json_lines, read_json_lines
from clinsynth.learning import hardware
from clinsynth.learning.learner import Measured


def strategy(trainer: TrainerConfig, *, unused: bool = False) -> Any:
    """Return how Lightning trains on several devices a model, parts of which may be unused in a step."""
    name_modules()
    how = _start_method(trainer)
    if trainer.strategy is Strategy.ddp:
        return f"ddp_{how}{'_find_unused_parameters_true' if unused else ''}"
    from clinsynth.learning.sharding import Sharded  # takes seconds

    return Sharded(len(trainer.devices), start_method=how)


def _start_method(trainer: TrainerConfig) -> Literal["spawn", "fork"]:
    """Return how processes start: a GPU wants new ones, and copies of this one are made in a moment."""
    return "spawn" if hardware.device(trainer.accelerator) == "cuda" else "fork"


def name_modules() -> None:
    """Let modules, of which a kind of task is made, be handed to new processes by their names."""
    ForkingPickler.register(ModuleType, _named)


def _named(module: ModuleType) -> tuple[Any, tuple[str]]:
    return resolve_name, (module.__name__,)


def process() -> tuple[int, int]:
    """Return the number of this process among those that train together, and how many they are."""
    from torch import distributed  # takes seconds

    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def part(batch: Sequence[Any], *, filler: Any) -> list[Any]:
    """Return what this process learns of a batch; a batch that is too small for all of them leaves it the filler."""
    place, processes = process()
    return list(batch[place::processes]) or [filler]


@dataclass(frozen=True)
class Notes:
    """Measurements of a process, written down for the one that has started it."""

    path: Path

    def __call__(self, measured: Measured) -> None:
        """Write it down; of several processes the first does."""
        if process()[0] == 0:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json_lines({"name": name, "value": value, "step": step} for name, value, step in measured))

    def read(self) -> Measured:
        """Return all that was written down."""
        if not self.path.is_file():
            return []
        rows = read_json_lines(self.path)
        return [(str(row["name"]), float(row["value"]), int(row["step"])) for row in rows]
