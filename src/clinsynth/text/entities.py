"""Sentences with entities, and the one conversion between spans and IOB2 tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from clinsynth.text.words import detokenise, offsets


@dataclass(frozen=True, order=True)
class Span:
    """Words `start` to `end` (exclusive) of a sentence are one entity."""

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span needs 0 <= start < end, got {self.start} and {self.end}")


@dataclass(frozen=True)
class Sentence:
    """Words with non-overlapping spans in order."""

    tokens: tuple[str, ...]
    spans: tuple[Span, ...] = field(default=())

    def __post_init__(self) -> None:
        end = 0
        for span in self.spans:
            if span.start < end or span.end > len(self.tokens):
                raise ValueError(f"{span} overlaps its neighbour or leaves the {len(self.tokens)} words")
            end = span.end

    @cached_property
    def text(self) -> str:
        """Return the sentence as a person would write it."""
        return detokenise(self.tokens)

    @property
    def label(self) -> str:
        return ""

    @property
    def tags(self) -> list[str]:
        return to_tags(self.spans, length=len(self.tokens))

    def mention(self, span: Span) -> str:
        return detokenise(self.tokens[span.start : span.end])

    @property
    def mentions(self) -> list[str]:
        return [self.mention(span) for span in self.spans]

    def entities(self) -> list[dict[str, Any]]:
        """Return the spans as character offsets into `text`."""
        places = offsets(self.tokens)
        found = []
        for span in self.spans:
            start, end = places[span.start][0], places[span.end - 1][1]
            found.append({"start": start, "end": end, "label": span.label, "text": self.text[start:end]})
        return found

    def to_json(self) -> dict[str, Any]:
        return {"tokens": list(self.tokens), "tags": self.tags}


def to_tags(spans: Iterable[Span], *, length: int) -> list[str]:
    """Return IOB2 tags of `length` words."""
    tags = ["O"] * length
    for span in spans:
        tags[span.start] = f"B-{span.label}"
        tags[span.start + 1 : span.end] = [f"I-{span.label}"] * (span.end - span.start - 1)
    return tags


def to_spans(tags: Sequence[str]) -> tuple[Span, ...]:
    """Return spans of IOB2 tags, as seqeval's strict mode: an `I-` that goes on with nothing is of none.

    Readers of gold data refuse such tags before they come here, and a model's are decoded without them.
    """
    spans: list[Span] = []
    start, label = 0, ""
    for position, tag in enumerate([*tags, "O"]):
        kind, _, name = tag.partition("-")
        if kind == "I" and name == label:
            continue
        if label:
            spans.append(Span(start, position, label))
        start, label = position, name if kind == "B" else ""
    return tuple(spans)
