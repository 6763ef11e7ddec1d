"""Opens the files of a dataset as gold."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from clinsynth.config import DatasetConfig, FileConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.decoding import text_of
from clinsynth.files.sources import locate, resolve
from clinsynth.files.terms import read_terms
from clinsynth.files.utf8 import decode_lines
from clinsynth.keys import digest, gold_digest
from clinsynth.task import Task
from clinsynth.types import Gold

_parsed: dict[tuple[str, str, str], list[Any]] = {}
"""What this process has read: the jobs of a sweep share it."""


def open_gold(task: Task, *, data: Path, needed: Collection[str] = ("train", "test")) -> Gold:
    """Return the gold of a task's dataset, downloaded below `data` if need be; the splits `needed` have to be there.

    Raises ConfigError for a file that is not there, DataFormatError for what a file holds,
    Unreachable for what cannot be downloaded.
    """
    splits: dict[str, list[Any]] = {"train": [], "test": [], "devel": []}
    hashes: dict[str, str] = {}
    dataset: DatasetConfig = task.dataset
    files = dataset.split_files()
    for split in ("train", "test", "devel"):
        if split not in files:
            if split in needed and dataset.needs_train():  # units of its own can do without gold
                raise ConfigError(
                    f"dataset.files of {dataset.name} has no {split} file: give one as dataset.files.{split}.path=..."
                )
            continue
        file = files[split]
        path = locate(file, data=data, folders=task.read_path is not None)
        hashes[split] = gold_digest(path, file=file)
        splits[split] = _read_split(path, file=file, sha256=hashes[split], task=task)
        if not splits[split]:
            raise DataFormatError(f"{path}: the {split} split of {dataset.name} is empty.")
    units = [
        unit
        for listed in dataset.unit_lists()
        for unit in read_terms(resolve(listed.path), types=listed.types, below=listed.below, synonyms=listed.synonyms)
    ]
    found = tuple(dict.fromkeys(units))
    return Gold(splits["train"], test=splits["test"], devel=splits["devel"], hashes=hashes, units=found)


def _read_split(path: Path, *, file: FileConfig, sha256: str, task: Task) -> list[Any]:
    key = (str(path), sha256, digest(str(task.dataset)))
    if key not in _parsed:
        _parsed[key] = _read(path, file=file, task=task)
    return _parsed[key]


def _read(path: Path, *, file: FileConfig, task: Task) -> list[Any]:
    columns = file.columns.given()
    if task.read_path is None:
        if file.format or columns:
            raise ConfigError(
                f"dataset.files of {task.dataset.name} name a format or columns, and {task.dataset.task} has files of "
                "its own form: take them out. `clinsynth convert` writes other formats."
            )
        text = text_of(path, encoding=file.encoding) if file.encoding else decode_lines(path)
        return task.read_gold(text, path=path)
    return task.read_path(path, format=file.format, encoding=file.encoding, columns=columns)
