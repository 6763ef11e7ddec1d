"""Texts that stand in another set, by the measures of quality control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from clinsynth.quality.near_duplicates import shingles
from clinsynth.text.words import folded

EXACT, NEAR = "exact", "near"

USUAL = 0.9
"""Least similarity of a near copy where quality control asks for none."""

CHUNK = 1024

Words = Sequence[str]


@dataclass(frozen=True)
class Copy:
    """A text and the one that it is a copy of, by their places."""

    text: int
    of: int
    kind: str
    """`exact`: equal words but for case; `near`: most word triples are shared."""
    similarity: float
    """Jaccard similarity of the word triples, in 0..1."""


def find(texts: Sequence[Words], *, references: Sequence[Words], threshold: float = USUAL) -> list[Copy]:
    """Return the most similar copy of each text, if any; near ones share at least `threshold` of the word triples."""
    first: dict[tuple[str, ...], int] = {}
    for place, words in enumerate(references):
        first.setdefault(folded(words), place)
    exact = {place: first[text] for place, text in enumerate(map(folded, texts)) if text in first}
    near = _most_similar(texts, references=references)
    return [
        Copy(place, exact[place], EXACT, 1.0) if place in exact else Copy(place, of, NEAR, similarity)
        for place, (of, similarity) in enumerate(near)
        if place in exact or similarity >= threshold
    ]


def _most_similar(texts: Sequence[Words], *, references: Sequence[Words]) -> list[tuple[int, float]]:
    """Return place and similarity of the reference that is most like each text, out of all pairs: none is missed."""
    own, theirs = ([shingles(folded(words)) for words in found] for found in (texts, references))
    column = {shingle: number for number, shingle in enumerate(sorted(frozenset().union(*theirs)))}
    there = _incidence(theirs, column).T.tocsr()
    sizes = np.array([len(found) for found in theirs])
    similar: list[tuple[int, float]] = []
    for start in range(0, len(own), CHUNK):
        part = own[start : start + CHUNK]
        shared = (_incidence(part, column) @ there).toarray()
        jaccard = shared / (np.array([len(found) for found in part])[:, None] + sizes - shared)
        best = jaccard.argmax(axis=1)
        similar += [(int(of), float(row[of])) for of, row in zip(best, jaccard, strict=True)]
    return similar


def _incidence(texts: Sequence[frozenset[str]], column: dict[str, int]) -> csr_array:
    """Return which of the known triples each text has, [texts, triples]."""
    known = [[column[shingle] for shingle in found if shingle in column] for found in texts]
    starts = np.cumsum([0, *map(len, known)])
    columns = np.array([number for found in known for number in found], dtype=np.int64)
    return csr_array((np.ones(len(columns), dtype=np.int32), columns, starts), shape=(len(texts), len(column)))
