"""The encoder as a learner: what jobs are known by, without the libraries that train and read, which take seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinsynth.config import BackboneConfig, TrainerConfig
from clinsynth.errors import ConfigError
from clinsynth.learning.encoder.lightning import load_lightning
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.encoder.weights import identity
from clinsynth.learning.learner import Opened, Opening, Student
from clinsynth.learning.sets import TrainingSet
from clinsynth.task import Kind, Task

__all__ = ["export", "identity", "open_model", "passes", "student", "version"]


def version(task: Task, *, backbone: BackboneConfig) -> str:
    """Return what is bumped when the same data and settings would give another model.

    Raises ConfigError for a head that the task does not have.
    """
    return _with_head(task, backbone).kind.version


def _with_head(task: Task, backbone: BackboneConfig) -> Task:
    if backbone.head != "token" and backbone.head not in {head.name for head in task.kind.heads}:
        raise ConfigError(f"backbone.head={backbone.head} is of ner: {task.name} classifies whole texts.")
    return replace(task, kind=task.kind.with_head(backbone.head))


def passes(examples: int, *, backbone: BackboneConfig, trainer: TrainerConfig) -> int:
    """Return how many epochs training takes."""
    return schedule(examples, batch_size=backbone.batch_size, trainer=trainer).epochs


def student(task: Task, *, arm: TrainingSet, backbone: BackboneConfig, trainer: TrainerConfig, seed: int) -> Student:
    """Return a model that is ready to learn; seeds everything. Raises Unreachable where there is no backbone."""
    load_lightning()
    from clinsynth.learning.encoder import student

    return student.student(_with_head(task, backbone), arm=arm, backbone=backbone, trainer=trainer, seed=seed)


def open_model(
    folder: Path,
    *,
    kinds: Mapping[str, Kind],
    how: Opening,
) -> Opened:
    """Open a saved model of one of the tasks `kinds`; raises ConfigError for a folder that holds none."""
    load_lightning()  # which the task's model builds on
    from clinsynth.learning.encoder import opening

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
    """Write a saved model for another runtime; see `exporting.export`."""
    from clinsynth.learning.encoder import exporting

    return exporting.export(folder, to, kinds=kinds, format=format, precision=precision, examples=examples, share=share)
