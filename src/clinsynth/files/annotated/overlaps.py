"""Which of the marked parts of a text stay where they may not overlap."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Stretch(Protocol):
    """A part of a text, in characters or words."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int:
        """The one behind its last."""


Marked = TypeVar("Marked", bound=Stretch)


def outermost(marked: Iterable[Marked]) -> list[Marked]:
    """Return parts that do not overlap, in order: of those that do the longest, of equally long ones the first."""
    kept: list[Marked] = []
    for each in sorted(marked, key=lambda part: (part.start - part.end, part.start)):
        place = bisect(kept, each.start, key=lambda part: part.start)
        clear = not place or kept[place - 1].end <= each.start
        if clear and (place == len(kept) or each.end <= kept[place].start):
            kept.insert(place, each)
    return kept
