"""The columns, words and counts of labelled sentences, whichever dataset they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.words import tokenise

COLUMNS: Mapping[str, str] = {
    "label": "one of {labels}",
    "markers": "words of `text` that stand for the two things",
}
LISTS: tuple[str, ...] = ()


def from_json(row: Mapping[str, Any]) -> Relation:
    return Relation(row["text"], row["label"], tuple(row["markers"]), confidence=row.get("confidence"))


def statistics(examples: Sequence[Relation]) -> dict[str, float]:
    """Return how many of the examples have each label."""
    positive = sum(example.positive for example in examples)
    return {"positive": positive, "negative": len(examples) - positive}


def words(example: Relation) -> Sequence[str]:
    return tokenise(example.text)


def describe(examples: Sequence[Relation]) -> dict[str, int]:
    return {"sentences": len(examples), "positive": sum(example.positive for example in examples)}
