"""Asks an annotator whether a dialogue is fit to learn from."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth.tasks.chat.examples import Dialogue

SEVERAL = False
BETWEEN = ";"
FREE: tuple[str, ...] = ()
GOOD, BAD = "good", "bad"


def question(labels: Sequence[str]) -> str:
    return "Are the assistant's answers correct, relevant and harmless?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return GOOD, BAD


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return ()


def given(example: Dialogue, *, labels: Sequence[str]) -> str:
    return GOOD


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return the verdict, whatever its case; raises ValueError, which says what is accepted."""
    if (answer := written.strip().casefold()) not in (GOOD, BAD):
        raise ValueError(f"{GOOD} or {BAD}")
    return answer


def agrees(answer: str, *, given: str) -> bool:
    return answer == given


def relabelled(example: Dialogue, answer: str, *, labels: Sequence[str]) -> Dialogue:
    return example
