"""Criteria, requests, and labelled texts out of completions. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.config import CorpusConfig, PromptConfig
from clinsynth.prompts import render
from clinsynth.tasks.listing import read_drafts
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.words import tokenise
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

VERSION = "multilabel-1"
"""Bumped when the same completions and settings would give another corpus."""

ROUNDS = False


def units(settings: CorpusConfig, *, gold: Gold) -> list[str]:
    """The criteria, and `none` for texts that meet none, so that a model without gold sees negatives."""
    return _dataset(settings).units()


def leaking(units: Sequence[str], *, settings: CorpusConfig, gold: Gold) -> set[str]:
    return set()  # a prompt shows no gold text


def request(unit: str, *, replicate: int, settings: CorpusConfig, gold: Gold) -> Request:
    """Ask for texts that meet the criterion, or none."""
    dataset, prompt = _dataset(settings), settings.prompt
    if unit == NONE:
        content = render(PromptConfig("none", dataset.none), {})
    else:
        values = {"label": unit, "meaning": dataset.labels[unit]}
        content = render(PromptConfig("criterion", dataset.criterion), values, optional=("label", "meaning"))
    values = {"n": str(settings.generation.per_request), "voice": dataset.voice, "content": content}
    message = render(prompt, values, optional=("voice",))
    id = f"{dataset.name}/{prompt.name}/{unit}#{replicate}"
    return Request(id, ({"role": "user", "content": message},), {"prompt": message})


def parse(
    completion: Completion, *, unit: str, replicate: int, settings: CorpusConfig
) -> tuple[list[Draft], list[Rejected]]:
    """Texts of a completion as they are numbered, and lines that are none."""
    return read_drafts(completion, unit=unit, replicate=replicate)


def contains(draft: Draft) -> bool:
    return True  # no rule tells whether a text meets a criterion


def label_request(drafts: Sequence[Draft], *, completion: Completion, settings: CorpusConfig) -> Request | None:
    return None


def annotate(
    drafts: Sequence[Draft], *, settings: CorpusConfig, lexicon: Sequence[str], answer: Completion | None
) -> tuple[list[Candidate], list[Rejected]]:
    """Each text with the criterion that it was asked for."""
    return [Candidate(draft, Note(draft.text, () if draft.unit == NONE else (draft.unit,))) for draft in drafts], []


def brief(settings: CorpusConfig) -> Brief:
    task = (
        f"examples of sentences, {_dataset(settings).voice}, one a line as a numbered list, without names or "
        "identifying details and each about something else, as training data for a classifier"
    )
    return Brief(task, {"n": "the number of sentences", "content": 'what they do, such as "describe ..."'})


def propose(settings: CorpusConfig, *, gold: Gold) -> dict[str, str]:
    return {}


def from_json(row: Mapping[str, Any]) -> Note:
    return Note(row["text"], tuple(row["labels"]), row["weight"])


def statistics(examples: Sequence[Note]) -> dict[str, float]:
    """How many texts each label holds for."""
    found = Counter(label for note in examples for label in note.labels or (NONE,))
    return {"labels per text": sum(len(note.labels) for note in examples) / max(len(examples), 1)} | dict(
        sorted(found.items())
    )


def words(example: Note) -> Sequence[str]:
    return tokenise(example.text)


def _dataset(settings: CorpusConfig) -> MultilabelDataset:
    assert isinstance(settings.dataset, MultilabelDataset)
    return settings.dataset
