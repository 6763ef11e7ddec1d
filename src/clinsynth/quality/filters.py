"""Checks of one text at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clinsynth.task import Check
from clinsynth.text.leftovers import flaw
from clinsynth.text.words import folded
from clinsynth.types import Candidate

LETTERS = 0.5
"""Least share of letters among the visible characters of a sentence."""


def length(words: Callable[[Any], Sequence[str]], *, least: int, most: int | None) -> Check:
    def check(candidate: Candidate) -> tuple[str, str] | None:
        number = len(words(candidate.example))
        if number < least:
            return "too_short", f"{number} words"
        if most is not None and number > most:
            return "too_long", f"{number} words"
        return None

    return check


def unsure(least: float) -> Check:
    """Return a check for texts whose labels were less likely; one of which nobody says it passes."""

    def check(candidate: Candidate) -> tuple[str, str] | None:
        known = candidate.draft.confidence
        return ("unsure", f"confidence {known:.3f}") if known is not None and known < least else None

    return check


def no_sentence(candidate: Candidate) -> tuple[str, str] | None:
    """Reject a remark of the LLM, what has markup left in it, a heading, or hardly any letters."""
    text = candidate.draft.text
    visible = sum(map(len, text.split()))
    if not visible or sum(map(str.isalpha, text)) < LETTERS * visible:
        return "not_a_sentence", "few letters"
    found = flaw(text, pipes=True)
    if found is not None:
        return "not_a_sentence", found[1]
    if text.endswith(":"):
        return "not_a_sentence", "a heading"
    if len(text.split()) > 1 and not any(map(str.islower, text)):
        return "not_a_sentence", "no lower case"
    return None


def test_copy(words: Callable[[Any], Sequence[str]], test_texts: frozenset[tuple[str, ...]]) -> Check:
    """Return a check for copies; `test_texts` are the folded words of gold's test examples."""

    def check(candidate: Candidate) -> tuple[str, str] | None:
        return ("test_copy", "") if folded(words(candidate.example)) in test_texts else None

    return check


def folded_hash(text: Sequence[str]) -> bytes:
    """Return 16 bytes that texts of equal `folded` words have in common, and no others."""
    return hashlib.sha256("\n".join(text).encode()).digest()[:16]


def folded_texts(examples: Iterable[Any], *, words: Callable[[Any], Sequence[str]]) -> frozenset[tuple[str, ...]]:
    """Return the folded words of each example, such as those of a test split, to look copies up in."""
    return frozenset(folded(words(example)) for example in examples)
