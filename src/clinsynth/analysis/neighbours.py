"""How far texts lie from their nearest neighbours in another set: memorised ones lie too near.

Vectors are unit vectors [texts, dimensions]; a distance is 1 - cosine, in 0..2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

CHUNK = 1024
"""Texts whose cosines with all references are in memory at once."""

TIE = 1e-6
"""Cosines that differ by no more are equal, but for rounding."""

Vectors = NDArray[np.float32]
Values = NDArray[np.float64]


def distances(vectors: Vectors, *, references: Vectors) -> Values:
    """Return how far each text is from its nearest neighbour among the references; it falls with their number."""
    nearest = [cosines.max(axis=1) for cosines in _cosines(vectors, references)]
    return np.clip(1.0 - np.concatenate(nearest).astype(np.float64), 0.0, 2.0)


def closeness(values: Values, *, yardstick: Values) -> Values:
    """Return for each distance the share of the yardstick's that are longer, in 0..1; a tie counts half.

    The mean is 0.5 where both are alike (Mann and Whitney 1947).
    """
    ordered = np.sort(yardstick)
    shorter = np.searchsorted(ordered, values - TIE, side="left")
    not_longer = np.searchsorted(ordered, values + TIE, side="right")
    found: Values = 1.0 - (shorter + not_longer) / 2 / len(ordered)
    return found


def preference(vectors: Vectors, *, first: Vectors, second: Vectors) -> Values:
    """Probability that a text is nearer to the first set than to the second, once both are of one size; 0.5 for a tie.

    The larger set is drawn down to the size of the smaller: this is the mean over all such draws, which the
    hypergeometric distribution gives.
    """
    if len(first) < len(second):
        return 1.0 - preference(vectors, first=second, second=first)
    found = []
    threshold = 1.0 - distances(vectors, references=second)
    for number, cosines in enumerate(_cosines(vectors, first)):
        own = threshold[number * CHUNK : (number + 1) * CHUNK, None]
        without_nearer = _none_drawn((cosines > own + TIE).sum(axis=1), len(first), len(second))
        without_as_near = _none_drawn((cosines >= own - TIE).sum(axis=1), len(first), len(second))
        found.append(1.0 - (without_nearer + without_as_near) / 2)
    return np.concatenate(found)


def _none_drawn(marked: NDArray[np.int64], total: int, drawn: int) -> Values:
    """Probability that none of the marked ones is among those drawn."""
    found: Values = hypergeom.pmf(0, total, marked, drawn)
    return found


def _cosines(vectors: Vectors, references: Vectors) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(vectors), CHUNK):
        yield vectors[start : start + CHUNK] @ references.T
