"""Labelled rows of gold train that requests for labels show; none that stands in the test split."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.analysis.kept_embeddings import Embed
from clinsynth.config import DRAW, NEAREST
from clinsynth.errors import ConfigError
from clinsynth.files.row_numbers import read_row_numbers
from clinsynth.files.sources import resolve
from clinsynth.task import Shot, Shots
from clinsynth.text.words import folded
from clinsynth.types import Gold


@dataclass(frozen=True)
class FixedShots:
    """The same rows for all requests."""

    rows: tuple[Shot, ...]

    @property
    def characters(self) -> int:
        """Return how many characters they have."""
        return sum(len(shot.example.text) for shot in self.rows)

    def shown(self, texts: Sequence[str]) -> Sequence[Shot]:
        """Return the rows, without those whose text is asked about."""
        asked = {_folded(text) for text in texts}
        return [shot for shot in self.rows if _folded(shot.example.text) not in asked]


@dataclass(frozen=True)
class NearestShots:
    """The rows whose embeddings are nearest to the mean of a request's texts, for each request."""

    rows: tuple[Shot, ...]
    number: int
    embed: Embed

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """Return the embeddings [rows, dimensions]."""
        return self.embed([shot.example.text for shot in self.rows])

    @property
    def characters(self) -> int:
        """Return how many characters so many rows have, on the average."""
        return self.number * sum(len(shot.example.text) for shot in self.rows) // len(self.rows)

    def shown(self, texts: Sequence[str]) -> Sequence[Shot]:
        """Return the rows, the nearest last, without those whose text is asked about."""
        asked = {_folded(text) for text in texts}
        near = self._vectors @ np.mean(self.embed(list(texts)), axis=0)
        order = (self.rows[place] for place in np.argsort(-near, kind="stable"))
        free = (shot for shot in order if _folded(shot.example.text) not in asked)
        return list(islice(free, self.number))[::-1]


def open_shots(number: int, *, chosen: str | None, gold: Gold, seed: int, embed: Embed) -> Shots | None:
    """Return the rows that requests show; `None` for none. `chosen` is `draw`, `nearest` or a file of row numbers.

    Raises ConfigError where there are too few; rows that stand in the test split are left out.
    """
    if not number:
        return None
    held_out = {_folded(example.text) for example in gold.held_out} | {_folded(text) for text in gold.withheld}
    rows = [Shot(row, example) for row, example in enumerate(gold.train) if _folded(example.text) not in held_out]
    if chosen == NEAREST:
        _check_number(number, rows, said="free rows of gold train")
        return NearestShots(tuple(rows), number, embed)
    if chosen in (None, DRAW):
        _check_number(number, rows, said="free rows of gold train")
        random.Random(seed).shuffle(rows)
        return FixedShots(tuple(rows[:number]))
    free = {shot.row: shot for shot in rows}
    listed = read_row_numbers(resolve(chosen), below=len(gold.train))
    found = [free[row] for row in listed if row in free]
    if len(found) < len(listed):
        print(f"{len(listed) - len(found)} rows of {chosen} stand in the test split, and are not shown.", flush=True)
    _check_number(number, found, said=f"rows of {chosen}")
    return FixedShots(tuple(found[:number]))


def _check_number(number: int, rows: Sequence[Any], *, said: str) -> None:
    if number > len(rows):
        raise ConfigError(
            f"{number} shots are asked for, and there are {len(rows)} {said} (those that stand in the test split are "
            "never shown): ask for fewer."
        )


def _folded(text: str) -> tuple[str, ...]:
    return folded(text.split())
