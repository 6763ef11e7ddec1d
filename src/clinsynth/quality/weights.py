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
    """Return the candidates, each example with a `weight` in (0, 1].

    A text whose nearest neighbours were asked for under other labels is a doubtful example of its own;
    texts that say the same share the weight of one.
    """
    if len(candidates) < 2:
        return list(candidates)
    vectors = embed([candidate.draft.text for candidate in candidates])
    labels = np.array([candidate.example.label for candidate in candidates])
    return [
        replace(candidate, example=replace(candidate.example, weight=max(LEAST, round(float(weight), 3))))
        for candidate, weight in zip(candidates, _weights(vectors, labels), strict=True)
    ]


def _weights(vectors: NDArray[np.float32], labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return the agreement of each text's neighbours, shared among those that say the same.

    Agreement is the share of the nearest neighbours with the same label, counting the text itself, so that none is 0.
    """
    number = min(NEIGHBOURS, len(vectors) - 1)
    weights = []
    for start in range(0, len(vectors), CHUNK):
        cosines = vectors[start : start + CHUNK] @ vectors.T
        copies = np.maximum((cosines >= ALIKE).sum(1), 1)
        own = np.arange(len(cosines))
        cosines[own, start + own] = -np.inf
        nearest = np.argpartition(-cosines, number - 1, axis=1)[:, :number]
        same = labels[nearest] == labels[start : start + CHUNK, None]
        weights.append((same.sum(1) + 1) / (number + 1) / copies)
    return np.concatenate(weights)
