"""Doubtful texts stay, and count less: flexible control in the place of filtering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinsynth.types import Candidate

NEIGHBOURS = 10
ALIKE = 0.95
"""Cosine from which two texts say the same."""

LEAST = 0.001
CHUNK = 1024

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors [texts, dimensions]."""


def weigh(candidates: Sequence[Candidate], *, embed: Embed) -> list[Candidate]:
    """The candidates, each example with a `weight` in (0, 1].

    A text whose nearest neighbours were asked for under other labels is a doubtful example of its own;
    texts that say the same share the weight of one.
    """
    if len(candidates) < 2:
        return list(candidates)
    vectors = embed([candidate.draft.text for candidate in candidates])
    labels = np.array([candidate.example.label for candidate in candidates])
    weights = _agreement(vectors, labels) / _copies(vectors)
    return [
        replace(candidate, example=replace(candidate.example, weight=max(LEAST, round(float(weight), 3))))
        for candidate, weight in zip(candidates, weights, strict=True)
    ]


def _agreement(vectors: NDArray[np.float32], labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """Share of the nearest neighbours with the same label, counting the text itself, so that none is 0."""
    number = min(NEIGHBOURS, len(vectors) - 1)
    shares = []
    for start in range(0, len(vectors), CHUNK):
        cosines = vectors[start : start + CHUNK] @ vectors.T
        own = np.arange(len(cosines))
        cosines[own, start + own] = -np.inf
        nearest = np.argpartition(-cosines, number - 1, axis=1)[:, :number]
        same = labels[nearest] == labels[start : start + CHUNK, None]
        shares.append((same.sum(1) + 1) / (number + 1))
    return np.concatenate(shares)


def _copies(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many texts say the same, the text itself included."""
    blocks = (vectors[start : start + CHUNK] @ vectors.T for start in range(0, len(vectors), CHUNK))
    return np.concatenate([np.maximum((cosines >= ALIKE).sum(1), 1) for cosines in blocks])
