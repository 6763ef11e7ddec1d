"""How likely an LLM found what it has written in a place of its answer."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from clinsynth.text.peeling import said
from clinsynth.types import Completion

DIGITS = 4
"""Digits behind the point that are kept of a probability."""


def probability(answer: Completion, begin: int, end: int) -> float | None:
    """Return the probability of the tokens that stand, as a whole or in part, from `begin` to `end` (exclusive).

    It is that of these tokens one after another, given all before them; `None` where nobody says.
    """
    ends = [place for place, _ in answer.logprobs]
    first, last = bisect_right(ends, begin), bisect_left(ends, end) + 1
    tokens = answer.logprobs[first:last]
    if not tokens or begin >= end:
        return None
    return round(min(1.0, math.exp(sum(logprob for _, logprob in tokens))), DIGITS)


def place_of_said(text: str) -> tuple[int, int] | None:
    """Return where in an answer stands what is said, behind its thoughts; `None` where that is in several pieces."""
    spoken = said(text, instructions=True).strip()
    begin = text.rfind(spoken)
    return (begin, begin + len(spoken)) if spoken and begin >= 0 else None


def whole(answer: Completion) -> float | None:
    """Return the probability of all that an answer says behind its thoughts; `None` where nobody says."""
    place = place_of_said(answer.text) if answer.logprobs else None
    return probability(answer, *place) if place else None
