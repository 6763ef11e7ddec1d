"""The columns, words and counts of labelled texts, whichever dataset they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.tasks.multilabel.config import NONE
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.text.words import tokenise

COLUMNS: Mapping[str, str] = {
    "labels": "those of {labels} that hold; empty is none",
    "weight": "how much its loss counts",
}
LISTS: tuple[str, ...] = ("labels",)


def from_json(row: Mapping[str, Any]) -> Note:
    return Note(row["text"], tuple(row["labels"]), row["weight"], confidence=row.get("confidence"))


def statistics(examples: Sequence[Note]) -> dict[str, float]:
    """Return how many texts each label holds for."""
    found = Counter(label for note in examples for label in note.labels or (NONE,))
    return {"labels per text": sum(len(note.labels) for note in examples) / max(len(examples), 1)} | dict(
        sorted(found.items())
    )


def words(example: Note) -> Sequence[str]:
    return tokenise(example.text)


def describe(examples: Sequence[Note]) -> dict[str, int]:
    """Return the number of texts, and of how many of them each label holds."""
    found = Counter(label for note in examples for label in note.labels)
    return {"texts": len(examples)} | dict(sorted(found.items())) | {NONE: sum(not note.labels for note in examples)}
