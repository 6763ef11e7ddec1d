"""Reads and labels the answers of an LLM, each by itself, so that it does not matter in which process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import json_line
from clinsynth.quality import Checks, Findings
from clinsynth.task import Vote, Writer
from clinsynth.types import Candidate, Completion, Draft, Rejected

CONFIDENCE = ("confidence", "confidences")
"""Fields of a row that say how likely the LLM found its labels: all of them together, and each of several."""

OF = "confidence_of"
"""The field of a row that says whose its `confidence` is, where it is not the LLM's."""

SURE = (*CONFIDENCE, OF, "scores", "word_confidences")
"""Fields of a row that hang on its labels, whoever gave them: votes and a model's probabilities, too."""


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
    vote: Vote | None = None
    """Of the task."""

    def __call__(self, answer: tuple[Sequence[Draft], frozenset[int], Sequence[Completion]]) -> Labelled:
        """Return the texts of an answer with their labels, which `labels` may hold, and what is found about them."""
        drafts, off_topic, labels = answer
        try:
            candidates, rejected = self._annotated(drafts, labels)
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

    def _annotated(
        self, drafts: Sequence[Draft], labels: Sequence[Completion]
    ) -> tuple[Sequence[Candidate], Sequence[Rejected]]:
        """Return labelled texts; of several passes what most say of each text that most can be read of."""
        if len(labels) < 2 or self.vote is None:
            return self._by(drafts, labels[0] if labels else None)
        passes: list[tuple[Sequence[Candidate], Sequence[Rejected]]] = []
        for one in labels:
            try:
                passes.append(self._by(drafts, one))
            except DataFormatError as error:
                passes.append(((), [Rejected(draft, "labels_unreadable", str(error)) for draft in drafts]))
        by_draft: dict[int, list[Any]] = {}
        for candidates, _ in passes:
            for found in candidates:
                by_draft.setdefault(found.draft.index, []).append(found.example)
        readable = {index: found for index, found in by_draft.items() if 2 * len(found) > len(labels)}
        refused = {one.draft.index: one for _, rejected in passes for one in rejected}
        return (
            [_elected(draft, self.vote(readable[draft.index])) for draft in drafts if draft.index in readable],
            [refused[draft.index] for draft in drafts if draft.index not in readable],
        )

    def _by(self, drafts: Sequence[Draft], answer: Completion | None) -> tuple[list[Candidate], list[Rejected]]:
        return self.writer.annotate(drafts, annotator=self.annotator, lexicon=self.lexicon, answer=answer)


def _elected(draft: Draft, found: tuple[Any, float | None]) -> Candidate:
    example, share = found
    return Candidate(replace(draft, confidence=share), example)


def _confidence(candidate: Candidate) -> dict[str, Any]:
    """Return how sure the LLM was of its labels, where anybody says."""
    if candidate.draft.confidence is None:
        return {}
    together, each = CONFIDENCE
    several = {each: list(candidate.confidences)} if candidate.confidences else {}
    return {together: candidate.draft.confidence} | several


def with_labels(row: dict[str, Any], example: Any) -> dict[str, Any]:
    """Return a row of a corpus with the labels of this example; how sure anybody was of those before is gone."""
    labelled: dict[str, Any] = example.to_json()
    return {name: value for name, value in row.items() if name not in SURE} | labelled


def row_of(draft: Draft) -> dict[str, Any]:
    """Return what a corpus says of any text."""
    return {"unit": draft.unit, "replicate": draft.replicate, "index": draft.index, "text": draft.text}
