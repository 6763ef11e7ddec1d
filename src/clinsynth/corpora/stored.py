"""The examples of a corpus where they are: in a file, of which one line at a time is in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from clinsynth.files.json_lines import each_json_line

BLOCK = 1 << 24
"""Bytes of a file that are looked through at once."""


class StoredExamples(Sequence[Any]):
    """The examples of a file of JSON lines; each is made of its line when it is asked for.

    Iterating reads the file once from its beginning to its end; one example is found by where its line begins.
    """

    def __init__(self, path: Path, from_json: Callable[[Mapping[str, Any]], Any]) -> None:
        self.path, self.from_json = path, from_json

    def __len__(self) -> int:
        return len(self._begins) - 1

    def __iter__(self) -> Iterator[Any]:
        return map(self.from_json, each_json_line(self.path))

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number = range(len(self))[place]
        begin, end = self._begins[number : number + 2].tolist()
        with self.path.open("rb") as file:
            file.seek(begin)
            return self.from_json(json.loads(file.read(end - begin)))

    def __eq__(self, other: object) -> bool:
        """Say whether the other ones are equal, wherever they are."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(_equal, self, other))

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def _begins(self) -> NDArray[np.int64]:
        """Return where each line begins, and where the last one ends."""
        return line_begins(self.path)


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right)


def line_begins(path: Path) -> NDArray[np.int64]:
    """Return the byte at which each line of a file begins, and behind them that at which the last one ends."""
    found, at = [np.zeros(1, dtype=np.int64)], 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + 1
            found.append(ends + at)
            at += len(block)
    begins = np.concatenate(found)
    return begins if begins[-1] == at else np.append(begins, at)
