"""Aligns two texts, character by character, at the least cost (Gotoh 1982)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_UNEQUAL, _OPEN, _EXTEND, _INSIDE = 2, 4, 1, 2  # costs; _INSIDE: a gap begins or ends within a word
_Costs = NDArray[np.int64]


def cheapest_pairs(answer: str, gold: str, *, ends: tuple[Iterable[int], Iterable[int]]) -> list[tuple[int, int]]:
    """Return pairs of a character of the answer and one of gold, equal or not, both rising; all others stand in gaps.

    Gaps have affine costs and like to begin and end between words: `ends` says where words of each text end.
    """
    (rows, row_inside), (columns, inside) = (_costs(*text) for text in zip((answer, gold), ends, strict=True))
    shape = len(rows) + 1, len(columns) + 1
    skipped = np.arange(shape[1]) * _EXTEND
    never = 1 << 40
    added = np.full(shape, never)  # the last character of the answer stands in a gap
    taken = np.full(shape, never)  # ... or is paired; or its gap ends here
    taken[0, 0] = 0
    best = np.empty(shape, dtype=np.int64)
    begun = np.empty(shape, dtype=np.int64)  # a gap in gold begins here
    for row in range(shape[0]):
        if row:
            opened = best[row - 1] + _OPEN + row_inside[row - 1] + 2 * inside
            added[row] = np.minimum(added[row - 1], opened) + _EXTEND
            taken[row] = added[row] + row_inside[row]
            paired = best[row - 1, :-1] + (rows[row - 1] != columns) * _UNEQUAL
            taken[row, 1:] = np.minimum(taken[row, 1:], paired)
        begun[row] = taken[row] + _OPEN + 2 * row_inside[row] + inside - skipped
        best[row] = taken[row]
        left = np.minimum.accumulate(begun[row])[:-1] + skipped[1:] + inside[1:]
        best[row, 1:] = np.minimum(best[row, 1:], left)

    pairs = []
    row, column = shape[0] - 1, shape[1] - 1
    while row or column:
        if best[row, column] < taken[row, column]:
            left = begun[row, :column] + skipped[column] + inside[column]
            column = int(np.flatnonzero(left == best[row, column])[-1])
        value = taken[row, column]
        paired_cost = _UNEQUAL * (row > 0 and column > 0 and rows[row - 1] != columns[column - 1])
        if row and column and value == best[row - 1, column - 1] + paired_cost:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif row:
            while added[row, column] == added[row - 1, column] + _EXTEND:
                row -= 1
            row -= 1
    return pairs[::-1]


def _costs(text: str, ends: Iterable[int]) -> tuple[_Costs, _Costs]:
    """Return codes of the characters, and what it costs a gap to begin or end before each of them or at the end."""
    codes = np.array([ord(character) for character in text], dtype=np.int64)
    inside = np.full(len(text) + 1, _INSIDE, dtype=np.int64)
    inside[[0, -1]] = 0
    inside[list(ends)] = 0
    return codes, inside
