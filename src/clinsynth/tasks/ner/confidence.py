"""How likely an LLM found the mentions that it has listed for numbered sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from clinsynth.text.confidence import place_of_said, probability
from clinsynth.types import Candidate, Completion

Segment = tuple[int, int]
"""The part of an answer that is about one sentence: from, to (exclusive)."""

_LINE = re.compile(r"^[^\w\n]{0,4}(\d{1,4})[ \t]*[.):\]][^\S\n]*(?=\S)", re.MULTILINE)
_ENTRY = re.compile(r"\{\s*\"number\"\s*:\s*(\d{1,4})")


def segments(answer: Completion) -> dict[int, Segment]:
    """Return which part of an answer is about which sentence, by its number.

    Nothing where nobody says how likely its tokens were, or where it has neither a line nor an entry of JSON for each.
    """
    place = place_of_said(answer.text) if answer.logprobs else None
    if place is None:
        return {}
    begin, end = place
    entries = list(_ENTRY.finditer(answer.text, begin, end))
    opened = entries or list(_LINE.finditer(answer.text, begin, end))
    numbers = [int(found[1]) for found in opened]
    if not numbers or len(set(numbers)) < len(numbers):
        return {}
    ends = [found.start() for found in opened[1:]] + [len(answer.text)]
    if not entries:  # a line ends with its end, whatever stands below it
        lines = (answer.text.find("\n", found.end()) + 1 or len(answer.text) for found in opened)
        ends = [min(pair) for pair in zip(ends, lines, strict=True)]
    return {number: (found.end(), end) for number, found, end in zip(numbers, opened, ends, strict=True)}


def known(candidate: Candidate, answer: Completion, segment: Segment) -> Candidate:
    """Return a labelled sentence with the probability of its list of mentions, and of each of them."""
    draft = replace(candidate.draft, confidence=probability(answer, *segment))
    mentions = of_mentions(answer, segment, mentions=candidate.example.mentions)
    return replace(candidate, draft=draft, confidences=mentions)


def of_mentions(answer: Completion, segment: Segment, *, mentions: Sequence[str]) -> tuple[float, ...]:
    """Return the probability of each mention with what follows it: its type, and that another one follows, or none.

    Their product is about that of the segment. Empty where one of them cannot be found in this order.
    """
    at, end = segment
    places: list[int] = []
    for mention in mentions:
        found = answer.text.find(mention, at, end)
        if found < 0:
            return ()
        places.append(found)
        at = found + len(mention)
    known = [probability(answer, *place) for place in pairwise([*places, end])]
    return tuple(one for one in known if one is not None) if None not in known else ()
