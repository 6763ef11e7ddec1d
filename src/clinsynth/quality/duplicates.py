"""Texts that are there already: exactly, or but for a few words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clinsynth.quality.filters import folded
from clinsynth.types import Candidate, Rejected

SHINGLE = 3
"""Words; a text that is shorter is one shingle."""

SLACK = 0.8
"""MinHash looks below the threshold by this factor, because it misses pairs that are just above its own."""

PERMUTATIONS = 128
SEED = 1


def exact(
    candidates: Sequence[Candidate], *, words: Callable[[Any], Sequence[str]]
) -> tuple[list[Candidate], list[Rejected]]:
    """Reject texts whose words are equal but for case; the first one stays."""
    first: dict[tuple[str, ...], str] = {}
    kept: list[Candidate] = []
    rejected: list[Rejected] = []
    for candidate in candidates:
        text = folded(words(candidate.example))
        if text in first:
            rejected.append(Rejected(candidate.draft, "duplicate", f"of {first[text]}"))
        else:
            first[text] = candidate.draft.id
            kept.append(candidate)
    return kept, rejected


def near(
    candidates: Sequence[Candidate], *, words: Callable[[Any], Sequence[str]], threshold: float
) -> tuple[list[Candidate], list[Rejected]]:
    """Reject texts whose word triples have a Jaccard similarity of at least `threshold` with one that is kept.

    MinHash finds the pairs to look at (Broder 1997); what decides is the similarity itself.
    """
    from datasketch import MinHash, MinHashLSH  # a second, with the integrals of scipy

    index = MinHashLSH(threshold=SLACK * threshold, num_perm=PERMUTATIONS)
    runs = [shingles(folded(words(candidate.example))) for candidate in candidates]
    hashes = MinHash.bulk([[s.encode() for s in found] for found in runs], num_perm=PERMUTATIONS, seed=SEED)
    kept: list[Candidate] = []
    rejected: list[Rejected] = []
    for number, (candidate, own) in enumerate(zip(candidates, hashes, strict=True)):
        alike = [other for other in sorted(index.query(own)) if _jaccard(runs[number], runs[other]) >= threshold]
        if alike:
            rejected.append(Rejected(candidate.draft, "near_duplicate", f"of {candidates[alike[0]].draft.id}"))
        else:
            index.insert(number, own)
            kept.append(candidate)
    return kept, rejected


def shingles(text: Sequence[str]) -> frozenset[str]:
    """Return runs of `SHINGLE` words, of which near copies share most."""
    width = min(SHINGLE, len(text))
    return frozenset(" ".join(text[start : start + width]) for start in range(len(text) - width + 1))


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / (len(left | right) or 1)
