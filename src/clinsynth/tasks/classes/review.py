"""Asks an annotator which class a text belongs to, and reads the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinsynth.tasks.classes.examples import Classified

SEVERAL = False
BETWEEN = ";"
FREE: tuple[str, ...] = ()


def question(labels: Sequence[str]) -> str:
    return "Which class does the text belong to?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(labels)


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return ()


def given(example: Classified, *, labels: Sequence[str]) -> str:
    return example.label


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return the name of a class, whatever its case; raises ValueError, which says what is accepted."""
    known = {label.casefold(): label for label in labels}
    answer = known.get(written.strip().casefold())
    if answer is None:
        raise ValueError(f"one of {', '.join(labels)}")
    return answer


def agrees(answer: str, *, given: str) -> bool:
    return answer == given


def relabelled(example: Classified, answer: str, *, labels: Sequence[str]) -> Classified:
    return replace(example, label=answer)
