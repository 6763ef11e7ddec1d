"""Asks an annotator about a note, and reads the answer: `A2;B4`, or `none`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from clinsynth.tasks.multilabel.config import NONE
from clinsynth.tasks.multilabel.gold import Note

SEVERAL = True

BETWEEN = ";"
FREE: tuple[str, ...] = ()


def question(labels: Sequence[str]) -> str:
    return "What does the text describe?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return (*labels, NONE)


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return ()


def given(example: Note, *, labels: Sequence[str]) -> str:
    return BETWEEN.join(example.labels) or NONE


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return labels in the order of the dataset; raises ValueError, which says what is accepted."""
    known = {label.casefold(): label for label in choices(labels)}
    named = [part.strip().casefold() for part in re.split(r"[;|,]", written) if part.strip()]
    if not named or not set(named) <= set(known):
        raise ValueError(f"some of {', '.join(labels)} with ; between them, or {NONE}")
    if NONE in named and set(named) != {NONE}:
        raise ValueError(f"either labels or {NONE}")
    return BETWEEN.join(label for label in choices(labels) if label.casefold() in named)


def agrees(answer: str, *, given: str) -> bool:
    """Say whether the annotator saw what the text was written for, and maybe more."""
    return set(given.split(BETWEEN)) <= set(answer.split(BETWEEN))


def relabelled(example: Note, answer: str, *, labels: Sequence[str]) -> Note:
    return replace(example, labels=tuple(label for label in answer.split(BETWEEN) if label != NONE))
