"""Finds answers that are about other test examples than those that they are given for: rows that are shifted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from clinsynth.asking.questions import Question
from clinsynth.types import Completion

PLACES = "test_index counts the examples of the test split from 0, in the order of its file."
FEWEST = 5
"""Answers from which on a pattern is none by chance."""
NEIGHBOURS = (1, -1)
_WORD = re.compile(r"[^\W\d_]{3,}")


def misplaced(asked: Sequence[Question], *, found: Mapping[str, Completion], texts: Sequence[str]) -> str | None:
    """Return a sentence about answers that stand beside their place; `None` where most are in it.

    What an answer is about is the text that its recording holds, or else the words that it repeats.
    """
    answered = [(question.place, found[question.request.id]) for question in asked if question.request.id in found]
    if hint := _of_other_texts(answered, texts):
        return hint
    better = Counter(_neighbour(place, answer.text, texts) for place, answer in answered)
    del better[None]
    for offset in NEIGHBOURS:
        if better[offset] >= FEWEST and 2 * better[offset] > better.total():
            return _hint(f"{better[offset]} of {len(answered)} answers fit", offset)
    return None


def _of_other_texts(answered: Sequence[tuple[int, Completion]], texts: Sequence[str]) -> str | None:
    shown = [(place, _squeezed(answer.about)) for place, answer in answered if answer.about]
    other = [(place, about) for place, about in shown if _squeezed(texts[place]) not in about]
    if not other or 2 * len(other) <= len(shown):
        return None
    for offset in NEIGHBOURS:
        fitting = sum(_squeezed(texts[at]) in about for at, about in _beside(other, offset, texts))
        if 2 * fitting > len(other):
            return _hint(f"{fitting} of {len(answered)} recordings hold", offset)
    return (
        f"{len(other)} of {len(shown)} recordings hold another text than that of their row, the first is the one with "
        f"test_index {other[0][0]}. {PLACES}"
    )


def _beside(rows: Sequence[tuple[int, str]], offset: int, texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((place + offset, about) for place, about in rows if 0 <= place + offset < len(texts))


def _neighbour(place: int, answer: str, texts: Sequence[str]) -> int | None:
    """Return 0 for an answer that fits its own text best, the way to a neighbour that it fits better, or `None`."""
    said = _words(answer)
    shared = {
        offset: len(said & _words(texts[place + offset]))
        for offset in (0, *NEIGHBOURS)
        if 0 <= place + offset < len(texts)
    }
    best = max(shared, key=lambda offset: shared[offset])
    return best if shared[best] else None


def _hint(what: str, offset: int) -> str:
    row = "after" if offset > 0 else "before"
    return f"{what} the text of the row {row} their own: the recordings are shifted by one. {PLACES}"


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
