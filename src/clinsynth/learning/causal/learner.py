"""The causal learner: what jobs are known by, without the libraries that train and answer, which take seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.config import BackboneConfig, TrainerConfig
from clinsynth.errors import ConfigError
from clinsynth.learning.causal.weights import identity
from clinsynth.learning.encoder.lightning import load_lightning
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.learner import Opened, Opening, Student
from clinsynth.learning.sets import TrainingSet
from clinsynth.task import Kind, Task

__all__ = ["export", "identity", "open_model", "passes", "student", "version"]

VERSION = "causal-1"
"""Bumped when the same dialogues and settings would give another model."""


def version(task: Task, *, backbone: BackboneConfig) -> str:
    """Return what is bumped when the same data and settings would give another model."""
    return f"{VERSION}/{task.kind.version}"


def passes(examples: int, *, backbone: BackboneConfig, trainer: TrainerConfig) -> int:
    """Return how many passes training takes, as if each dialogue filled a row."""
    return schedule(examples, batch_size=backbone.batch_size, trainer=trainer).epochs


def student(task: Task, *, arm: TrainingSet, backbone: BackboneConfig, trainer: TrainerConfig, seed: int) -> Student:
    """Return a model that is ready to learn; seeds everything. Raises Unreachable where there is no backbone."""
    load_lightning()
    from clinsynth.learning.causal import student

    return student.student(task, arm=arm, backbone=backbone, trainer=trainer, seed=seed)


def open_model(
    folder: Path,
    *,
    kinds: Mapping[str, Kind],
    how: Opening,
) -> Opened:
    """Open a saved model; raises ConfigError for a folder that holds none."""
    load_lightning()
    from clinsynth.learning.causal import opening

    return opening.open_model(folder, kinds=kinds, how=how)


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
    """Raise ConfigError: other runtimes read, and this model writes."""
    raise ConfigError(
        f"format={format} is of models that read texts, and {folder} holds one that talks: leave format out, and serve "
        "it with `clinsynth serve`, or with a server of your own."
    )
