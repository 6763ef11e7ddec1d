"""All of the toy that needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clinsynth.prompts import render
from clinsynth.scoring import precision_recall_f1
from clinsynth.task import AnswerForm, Choices, Headline, Proposal, Supply, Writing
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.text.lists import read_drafts
from clinsynth.text.words import tokenise
from clinsynth.types import (
    Brief,
    Candidate,
    Completion,
    Draft,
    Evaluation,
    Gold,
    Predictions,
    Prompt,
    Reading,
    Rejected,
    Request,
)

if TYPE_CHECKING:
    from clinsynth.tasks.toy import ToyDataset

PROMPT = Prompt("toy", "Write $n sentences about $unit.")
COLUMNS: Mapping[str, str] = {}
LISTS: tuple[str, ...] = ()
HEADLINE = Headline(
    name="accuracy",
    metric="test/accuracy",
    low="test/accuracy_low",
    high="test/accuracy_high",
    scores={"accuracy": "test/accuracy"},
    devel="devel/accuracy",
    best="devel/best_accuracy",
)
SEVERAL, BETWEEN = False, ";"
FREE: tuple[str, ...] = ()


@dataclass(frozen=True)
class Labelled:
    text: str
    label: str

    def entities(self) -> list[dict[str, Any]]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "label": self.label}


def read_gold(text: str, *, path: Path, dataset: ToyDataset) -> list[Labelled]:
    return [Labelled(*line.split("\t")) for line in text.splitlines()]


@dataclass(frozen=True)
class ToyWriter:
    dataset: ToyDataset
    version: str = "toy-1"
    supply: Supply = EACH_UNIT

    def complete(self, choices: Choices) -> Choices:
        return replace(
            choices,
            per_unit=choices.per_unit or 2,
            per_request=choices.per_request or 2,
            prompt=PROMPT if choices.prompt.name == "default" else choices.prompt,
            annotator="none",
        )

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        return Proposal(self.dataset)

    def units(self, gold: Gold, *, writing: Writing, number: int) -> Sequence[str]:
        return self.dataset.classes

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        message = render(writing.prompt, {"n": writing.per_request, "unit": unit})
        id = f"{self.dataset.name}/{writing.prompt.name}/{unit}#{replicate}"
        return Request(id, ({"role": "user", "content": message},), {"prompt": message})

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        return read_drafts(completion, unit=unit, replicate=replicate)

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        return None

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        return [Candidate(draft, Labelled(draft.text, draft.unit)) for draft in drafts], []

    def contains(self, draft: Draft) -> bool:
        return True

    def brief(self) -> Brief:
        return Brief("sentences", {"n": "how many", "unit": "about what"})


@dataclass(frozen=True)
class ToyAsker:
    labels: tuple[str, ...]
    version: str = "toy-1"
    prompt: Prompt = Prompt("zero_shot_toy", "What is this? $text")  # noqa: RUF009

    def question(self, example: Labelled, *, prompt: Prompt) -> str:
        return render(prompt, {"text": example.text})

    def answer(self, example: Labelled) -> str:
        return example.label

    def form(self, prompt: Prompt) -> AnswerForm | None:
        return None

    def read(self, text: str, *, question: str, example: Labelled) -> Reading:
        return Reading(replace(example, label=text.strip()), "clean")

    def evaluate(self, gold: Sequence[Labelled], *, readings: Sequence[Reading]) -> Evaluation:
        return _scored(gold, [reading.predicted for reading in readings])


def from_json(row: Mapping[str, Any]) -> Labelled:
    return Labelled(row["text"], row["label"])


def words(example: Labelled) -> Sequence[str]:
    return tokenise(example.text)


def describe(examples: Sequence[Labelled]) -> dict[str, int]:
    return {"texts": len(examples)}


def statistics(examples: Sequence[Labelled]) -> dict[str, float]:
    return {}


def evaluate(test: Predictions, *, train: Sequence[Labelled], devel: Predictions) -> Evaluation:
    return _scored(test.gold, test.predicted)


def devel_score(gold: Sequence[Labelled], *, predicted: Sequence[Labelled]) -> float:
    return _scored(gold, predicted).metrics["test/accuracy"]


def record(gold: Labelled, *, predicted: Labelled) -> dict[str, Any]:
    return {"text": gold.text, "gold": gold.label, "predicted": predicted.label}


def _scored(gold: Sequence[Labelled], predicted: Sequence[Labelled]) -> Evaluation:
    right = sum(one.label == other.label for one, other in zip(gold, predicted, strict=True))
    accuracy = float(precision_recall_f1(np.array([right, len(gold), len(gold)]))[0])
    metrics = {"test/accuracy": accuracy, "test/accuracy_low": 0.0, "test/accuracy_high": 1.0}
    return Evaluation(metrics, errors={"wrong": len(gold) - right}, counts=None)


def question(labels: Sequence[str]) -> str:
    return "What is it?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(labels)


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return ()


def given(example: Labelled, *, labels: Sequence[str]) -> str:
    return example.label


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    if written not in labels:
        raise ValueError(", ".join(labels))
    return written


def agrees(answer: str, *, given: str) -> bool:
    return answer == given


def relabelled(example: Labelled, answer: str, *, labels: Sequence[str]) -> Labelled:
    return replace(example, label=answer)
