"""The tasks that there are: a folder each, and a line below.

A folder's `__init__.py` says which schema its datasets have, and opens them; its parts are imported then, so that the
command line's help does not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clinsynth.config import DatasetConfig
from clinsynth.errors import ConfigError
from clinsynth.task import Kind, Task
from clinsynth.tasks import chat, classes, multilabel, ner, relation


class Package(Protocol):
    """The offer of a folder: the schema of its datasets, and its task."""

    DATASET: type[DatasetConfig]
    """The schema of its datasets."""

    def kind(self) -> Kind:
        """Return its parts that need no dataset."""

    def open(self, dataset: DatasetConfig) -> Task:
        """Return the task of a dataset, whose settings are of `DATASET`."""


TASKS: Mapping[str, Package] = {
    "ner": ner,
    "relation": relation,
    "multilabel": multilabel,
    "classes": classes,
    "chat": chat,
}


def open(dataset: DatasetConfig) -> Task:
    """Return the task of a dataset; raises ConfigError where there is none of its name."""
    return _package(dataset.task).open(dataset)


def kind(name: str) -> Kind:
    """Return a task without a dataset; raises ConfigError where there is none of this name."""
    return _package(name).kind()


def kinds() -> dict[str, Kind]:
    """Return all tasks without their datasets, by name."""
    return {name: package.kind() for name, package in TASKS.items()}


def schemas() -> dict[str, type[DatasetConfig]]:
    """Return the schemas of datasets, by task."""
    return {name: package.DATASET for name, package in TASKS.items()}


def _package(name: str) -> Package:
    if name not in TASKS:
        raise ConfigError(f"dataset.task={name} is not a task. Tasks: {', '.join(sorted(TASKS))}.")
    return TASKS[name]
