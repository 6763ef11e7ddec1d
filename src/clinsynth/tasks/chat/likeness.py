"""How alike two texts are: ROUGE-L (Lin 2004), and the word triples that they share."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from clinsynth.text.words import tokenise

SHINGLE = 3


def rouge_l(text: str, reference: str) -> float:
    """Return F1 of the longest common subsequence of their words, whatever their case, in 0..1."""
    said, wanted = _words(text), _words(reference)
    common = _longest_common(said, wanted)
    return 2 * common / (len(said) + len(wanted)) if common else 0.0


def triples(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of three words of a text; of a shorter one all of it."""
    said = _words(text)
    width = min(SHINGLE, len(said))
    return frozenset(tuple(said[at : at + width]) for at in range(len(said) - width + 1)) if said else frozenset()


def jaccard(left: AbstractSet[object], right: AbstractSet[object]) -> float:
    """Return the share of what both have in all that either has, in 0..1."""
    return len(left & right) / (len(left | right) or 1)


def contained(part: AbstractSet[object], whole: AbstractSet[object]) -> float:
    """Return the share of `part` that `whole` has, in 0..1."""
    return len(part & whole) / (len(part) or 1)


def _words(text: str) -> list[str]:
    return [word for word in tokenise(text.casefold()) if any(map(str.isalnum, word))]


def _longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, by rows of the usual table."""
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for place, other in enumerate(right, 1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]
