"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from omegaconf import MISSING

from clinsynth.config import DatasetConfig, FileConfig, check, option
from clinsynth.errors import ConfigError
from clinsynth.tasks.markers import is_marker
from clinsynth.types import Prompt

LABELS = ("No", "Yes")


@dataclass
class PoolConfig:
    """Labelled rows that rounds draw from: 0-based, without the header."""

    file: str | None = None
    """Null is the dataset's own train file; of another one the numbers alone are used."""
    fold: int | None = None
    """The fold that the rows are of."""
    positive: list[int] = MISSING
    negative: list[int] = MISSING
    left_out: list[int] | None = None
    """Rows that are known to stand in a test split; those of the dataset's own are found by themselves."""


@dataclass
class FoldConfig:
    """sha256 of the files of a fold."""

    train: str = MISSING
    test: str = MISSING


@dataclass
class RelationDataset(DatasetConfig):
    markers: list[str] = option(["@GENE$", "@DISEASE$"], "what the two related things are masked by")
    fold: int | None = option(None, "which one of its folds; files.*.path names it")
    folds: list[FoldConfig] = option([], "sha256 of the files of each fold")
    pool: PoolConfig | None = option(
        None, "rows of train (0-based) that prompts show: positive, negative; null is a proposal, left as pool.yaml"
    )
    round_offset: int = option(0, "round r draws its rows with the random number round_offset + r")

    def fold_number(self) -> int | None:
        return self.fold

    def shown_rows(self) -> Collection[int]:
        """Return the rows of the pool, where they are of this train file."""
        if self.pool is None or not own_pool(self) or self.pool.fold not in (None, self.fold):
            return ()
        return (*self.pool.positive, *self.pool.negative)

    def split_files(self) -> dict[str, FileConfig]:
        """Return the files of the fold, each with its sha256."""
        files = self.files.given()
        if self.folds:
            hashes = self.folds[(self.fold or 1) - 1]
            told = {"train": hashes.train, "test": hashes.test}
            return {split: replace(file, sha256=told.get(split, file.sha256)) for split, file in files.items()}
        return files

    def __post_init__(self) -> None:
        super().__post_init__()
        good = len(set(self.markers)) == 2 and all(map(is_marker, self.markers))
        check(good, "dataset.markers", self.markers, "two different ones such as @GENE$ and @DISEASE$")
        if self.folds:
            held = self.fold is not None and 1 <= self.fold <= len(self.folds)
            check(held, "dataset.fold", self.fold, f"1 to {len(self.folds)}")
        else:
            check(self.fold is None, "dataset.fold", self.fold, f"null, for {self.name} has no folds")


def check_markers(message: str, *, prompt: Prompt, dataset: RelationDataset) -> None:
    """Raise ConfigError where a prompt does not say what the two related things are masked by."""
    for marker in dataset.markers:
        if marker not in message:
            raise ConfigError(
                f"the prompt {prompt.name!r} does not say {marker}, one of dataset.markers: give a template of "
                "your own as prompt.text=... (with $$ for a dollar sign), and a prompt.name."
            )


def check_no_other_markers(template: str, *, prompt: Prompt, dataset: RelationDataset) -> None:
    """Raise ConfigError where a prompt, without the rows that it shows, asks for the markers of other relations."""
    others = sorted(set(re.findall(r"@\w+\$", template)) - set(dataset.markers))
    if others:
        raise ConfigError(
            f"the prompt {prompt.name!r} asks for {' and '.join(others)}, and dataset.markers of {dataset.name} are "
            f"{' and '.join(dataset.markers)}: no answer could be used. Give a template of your own as prompt.text=... "
            "(with $$ for a dollar sign), and a prompt.name."
        )


def own_pool(dataset: RelationDataset) -> bool:
    """Say whether the rows of the pool are of the dataset's own train file."""
    assert dataset.pool is not None
    return dataset.pool.file in (None, dataset.files.train.path)
