"""A classified text, and the columns, words and counts of such texts, whichever dataset they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.tasks.markers import marked_places
from clinsynth.text.words import tokenise


@dataclass(frozen=True)
class Classified:
    """A text and its class."""

    text: str
    label: str
    """The name of a class; empty where an LLM's answer names none."""
    markers: tuple[str, ...] = ()
    """Words of the text that stand for what the class is about; empty where it is about all of it."""
    negative: str | None = None
    """The class that says that there is nothing, so that scores need no dataset; `None` where there is none."""
    scores: tuple[tuple[str, float], ...] = ()
    """Each class with its probability, where a model has said so."""
    confidence: float | None = None
    """How sure whoever labelled it was of the label, 0 to 1; `None` where nothing is said of it."""

    def entities(self) -> list[dict[str, Any]]:
        return marked_places(self.text, self.markers)

    def to_json(self) -> dict[str, Any]:
        row = {"text": self.text, "label": self.label, "markers": list(self.markers)}
        return row if self.negative is None else row | {"negative": self.negative}


COLUMNS: Mapping[str, str] = {
    "label": "one of {labels}",
    "markers": "words of `text` that stand for what the label is about",
    "negative": "the label that says that there is nothing, where there is one",
}
LISTS: tuple[str, ...] = ("markers",)


def from_json(row: Mapping[str, Any]) -> Classified:
    sure = row.get("confidence")
    return Classified(row["text"], row["label"], tuple(row["markers"]), row.get("negative"), confidence=sure)


def statistics(examples: Sequence[Classified]) -> dict[str, float]:
    """Return how many of the examples are of each class."""
    return dict(_by_class(examples).items())


def words(example: Classified) -> Sequence[str]:
    return tokenise(example.text)


def describe(examples: Sequence[Classified]) -> dict[str, int]:
    return {"texts": len(examples)} | _by_class(examples)


def _by_class(examples: Sequence[Classified]) -> dict[str, int]:
    return dict(sorted(Counter(example.label for example in examples).items()))
