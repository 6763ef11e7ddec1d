"""Reads and labels the answers of an LLM, each by itself, so that it does not matter in which process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import json_line
from clinsynth.quality import Checks, Findings
from clinsynth.task.parts import Writer
from clinsynth.types import Candidate, Completion, Draft, Rejected

CONFIDENCE = ("confidence", "confidences")
"""Fields of a row that say how likely the LLM found its labels: all of them together, and each of several."""


@dataclass(frozen=True)
class ReadAnswer:
    """The texts of an answer."""

    drafts: tuple[Draft, ...]
    rejected: tuple[Rejected, ...]
    off_topic: frozenset[int]
    """Those of the texts, by their place, that do not contain their unit."""


@dataclass(frozen=True)
class Reader:
    """Parses answers."""

    writer: Writer

    def __call__(self, answered: tuple[Completion, str, int]) -> ReadAnswer:
        """Return the texts of the answer to the request for a unit and replicate."""
        completion, unit, replicate = answered
        drafts, rejected = self.writer.parse(completion, unit=unit, replicate=replicate)
        off_topic = frozenset(draft.index for draft in drafts if not self.writer.contains(draft))
        return ReadAnswer(tuple(drafts), tuple(rejected), off_topic)


@dataclass(frozen=True)
class LabelledText:
    """A labelled text, ready to be written down."""

    place: int
    """Of its draft in the answer."""
    line: str
    """Its row in a corpus."""
    found: Findings
    confidence: float | None


@dataclass(frozen=True)
class Labelled:
    """The labelled texts of an answer, and those that have no labels."""

    texts: tuple[LabelledText, ...]
    rejected: tuple[Rejected, ...]
    unreadable: str = ""
    """The reason why its labels cannot be read; empty where they can."""


@dataclass(frozen=True)
class Labeller:
    """Labels texts and looks at each of them."""

    writer: Writer
    annotator: str
    lexicon: tuple[str, ...]
    checks: Checks

    def __call__(self, answer: tuple[Sequence[Draft], frozenset[int], Completion | None]) -> Labelled:
        """Return the texts of an answer with their labels, which `labels` may hold, and what is found about them."""
        drafts, off_topic, labels = answer
        try:
            candidates, rejected = self.writer.annotate(
                drafts, annotator=self.annotator, lexicon=self.lexicon, answer=labels
            )
        except DataFormatError as error:
            unreadable = tuple(Rejected(draft, "labels_unreadable") for draft in drafts)
            return Labelled((), unreadable, unreadable=str(error))
        texts = tuple(
            LabelledText(
                candidate.draft.index,
                json_line(row_of(candidate.draft) | candidate.example.to_json() | _confidence(candidate)),
                self.checks.look(candidate, contains=candidate.draft.index not in off_topic),
                candidate.draft.confidence,
            )
            for candidate in candidates
        )
        return Labelled(texts, tuple(rejected))


def _confidence(candidate: Candidate) -> dict[str, Any]:
    """Return how sure the LLM was of its labels, where anybody says."""
    if candidate.draft.confidence is None:
        return {}
    together, each = CONFIDENCE
    several = {each: list(candidate.confidences)} if candidate.confidences else {}
    return {together: candidate.draft.confidence} | several


def row_of(draft: Draft) -> dict[str, Any]:
    """Return what a corpus says of any text."""
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}
