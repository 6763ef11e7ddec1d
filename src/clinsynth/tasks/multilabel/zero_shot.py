"""Asks an LLM which criteria a text meets. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinsynth.config import PromptConfig
from clinsynth.prompts import render
from clinsynth.tasks.multilabel.answers import read_answer
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import judge, truth_of
from clinsynth.types import Evaluation, Reading

VERSION = "multilabel-1"
"""Bumped when the same answers would be read or scored otherwise."""


def question(example: Note, *, prompt: PromptConfig, dataset: MultilabelDataset) -> str:
    criteria = "\n".join(f"- {label}: {meaning}" for label, meaning in dataset.labels.items())
    return render(prompt, {"text": example.text, "criteria": criteria}, optional=("criteria",))


def answer(example: Note) -> str:
    return "; ".join(example.labels) or NONE


def read(text: str, *, question: str, example: Note, dataset: MultilabelDataset) -> Reading:
    found = read_answer(text, question=question, labels=dataset.labels, text_asked=example.text)
    return Reading(replace(example, labels=found.labels), found.status, found.hallucinated)


def evaluate(gold: Sequence[Note], *, readings: Sequence[Reading], dataset: MultilabelDataset) -> Evaluation:
    """A criterion that there is not counts as said, and is not."""
    labels = list(dataset.labels)
    predicted = [reading.predicted for reading in readings]
    hallucinated = [len(reading.hallucinated) for reading in readings]
    return judge(truth_of(gold, labels), truth_of(predicted, labels), labels=labels, others=hallucinated)
