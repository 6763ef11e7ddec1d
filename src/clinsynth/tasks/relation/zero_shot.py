"""Asks an LLM whether a sentence says that the two are related (Tang et al. 2023, table 1). Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinsynth.config import PromptConfig
from clinsynth.prompts import render
from clinsynth.tasks.relation.answers import read_answer
from clinsynth.tasks.relation.config import RelationDataset, check_markers
from clinsynth.tasks.relation.gold import NEGATIVE, Relation
from clinsynth.tasks.relation.scores import judge
from clinsynth.types import Evaluation, Reading

VERSION = "relation-1"
"""Bumped when the same answers would be read or scored otherwise."""


def question(example: Relation, *, prompt: PromptConfig, dataset: RelationDataset) -> str:
    check_markers(render(prompt, {"text": ""}), prompt=prompt, dataset=dataset)
    return render(prompt, {"text": example.text})


def answer(example: Relation) -> str:
    return example.label


def read(text: str, *, question: str, example: Relation, dataset: RelationDataset) -> Reading:
    """What cannot be read has not said yes."""
    found = read_answer(text, question=question, sentence=example.text)
    return Reading(replace(example, label=found.label or NEGATIVE), found.status)


def evaluate(gold: Sequence[Relation], *, readings: Sequence[Reading], dataset: RelationDataset) -> Evaluation:
    return judge(gold, [reading.predicted for reading in readings])
