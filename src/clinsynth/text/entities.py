"""Sentences with entities, and the one conversion between spans and IOB2 tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from clinsynth.files.annotated.overlaps import outermost
from clinsynth.files.annotated.tags import iob2
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

    def overlaps(self, other: Span) -> bool:
        """Say whether the two have a word in common."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Origin:
    """The place in its document that a sentence of a text with offsets comes from."""

    document: str
    """The id of the text."""
    start: int
    """The sentence's first character in it."""
    text: str
    """The sentence as it stands there."""
    places: tuple[tuple[int, int], ...]
    """Start and end of each word, in characters of the sentence."""


@dataclass(frozen=True)
class Sentence:
    """Words with spans in order; spans may overlap, and tags tell of the outermost alone."""

    tokens: tuple[str, ...]
    spans: tuple[Span, ...] = field(default=())
    origin: Origin | None = None
    """`None` of sentences that were words from the beginning."""
    scores: tuple[float, ...] = field(default=(), compare=False)
    """How sure a model is of each span, 0 to 1; empty where nobody says."""
    unlabelled: tuple[str, ...] = ()
    """Types whose entities nobody has marked, so that words without a span may be some of them."""
    confidence: tuple[float, ...] = ()
    """How sure the label of each word is, 0 to 1, by a model or by votes; empty where nobody says."""

    def __post_init__(self) -> None:
        if not self.spans:
            return
        if list(self.spans) != sorted(set(self.spans)) or any(span.end > len(self.tokens) for span in self.spans):
            raise ValueError(f"{list(self.spans)} are not in order, or leave the {len(self.tokens)} words")

    @cached_property
    def text(self) -> str:
        """Return the sentence as it was written, or else as a person would write it."""
        return self.origin.text if self.origin else detokenise(self.tokens)

    @cached_property
    def places(self) -> Sequence[tuple[int, int]]:
        """Return start and end of each word, in characters of `text`."""
        return self.origin.places if self.origin else offsets(self.tokens)

    @property
    def label(self) -> str:
        return ""

    @property
    def tags(self) -> list[str]:
        return to_tags(self.outermost, length=len(self.tokens))

    @cached_property
    def outermost(self) -> tuple[Span, ...]:
        """Return the spans of which tags can tell: of those that overlap the longest."""
        return tuple(outermost(self.spans))

    def mention(self, span: Span) -> str:
        if self.origin is None:
            return detokenise(self.tokens[span.start : span.end])
        return self.text[self.places[span.start][0] : self.places[span.end - 1][1]]

    @property
    def mentions(self) -> list[str]:
        return [self.mention(span) for span in self.spans]

    def entities(self) -> list[dict[str, Any]]:
        """Return the spans as character offsets into `text`."""
        found = []
        for span in self.spans:
            start, end = self.places[span.start][0], self.places[span.end - 1][1]
            found.append({"start": start, "end": end, "label": span.label, "text": self.text[start:end]})
        return found

    def marked(self, spans: Iterable[Span], *, scores: Sequence[float] = ()) -> Sentence:
        """Return the same words with other spans."""
        return replace(self, spans=tuple(spans), scores=tuple(scores), confidence=())

    def predicted(self, spans: Sequence[Span], *, scores: Sequence[float]) -> Sentence:
        """Return the same words with a model's spans; of types that nobody has marked none can be judged."""
        if not self.unlabelled:
            return self.marked(spans, scores=scores)
        judged = [place for place, span in enumerate(spans) if span.label not in self.unlabelled]
        return self.marked((spans[place] for place in judged), scores=[scores[place] for place in judged])

    def to_json(self) -> dict[str, Any]:
        """Return words and tags, and what tags cannot tell: nested spans, types that nobody has marked, votes."""
        nested = len(self.outermost) < len(self.spans)
        spans = {"spans": [[span.start, span.end, span.label] for span in self.spans]} if nested else {}
        unlabelled = {"unlabelled": list(self.unlabelled)} if self.unlabelled else {}
        scores = {"scores": [round(score, 4) for score in self.scores]} if self.scores else {}
        sure = {"word_confidences": [round(one, 3) for one in self.confidence]} if self.confidence else {}
        return {"tokens": list(self.tokens), "tags": self.tags} | spans | unlabelled | scores | sure


def to_tags(spans: Iterable[Span], *, length: int) -> list[str]:
    """Return IOB2 tags of `length` words; spans may not overlap."""
    return iob2(((span.start, span.end, span.label) for span in spans), length=length)


def to_spans(tags: Sequence[str]) -> tuple[Span, ...]:
    """Return spans of IOB2 tags, as seqeval's strict mode: an `I-` that goes on with nothing is of none.

    Readers of gold data refuse such tags before they come here, and a model's are decoded without them.
    """
    spans: list[Span] = []
    start, label = 0, ""
    for position, tag in enumerate([*tags, "O"]):
        if tag == "O" and not label:
            continue
        kind, _, name = tag.partition("-")
        if kind == "I" and name == label:
            continue
        if label:
            spans.append(Span(start, position, label))
        start, label = position, name if kind == "B" else ""
    return tuple(spans)


def types_of_labels(labels: Sequence[str]) -> list[str]:
    """Return the entity types of tags."""
    return [label[2:] for label in labels if label.startswith("B-")]
