"""Asks an annotator about a marked sentence, and reads the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinsynth.tasks.relation.gold import Relation

SEVERAL = False
BETWEEN = ";"
FREE: tuple[str, ...] = ()

_WRITTEN = {"1": "Yes", "0": "No", "yes": "Yes", "no": "No", "y": "Yes", "n": "No"}


def question(labels: Sequence[str]) -> str:
    return "Does the sentence say that the two are related?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(reversed(labels))  # Yes first


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return ()


def given(example: Relation, *, labels: Sequence[str]) -> str:
    return example.label


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return Yes or No; raises ValueError, which says what is accepted."""
    answer = _WRITTEN.get(written.strip().casefold())
    if answer is None:
        raise ValueError("Yes or No")
    return answer


def agrees(answer: str, *, given: str) -> bool:
    return answer == given


def relabelled(example: Relation, answer: str, *, labels: Sequence[str]) -> Relation:
    return replace(example, label=answer)
