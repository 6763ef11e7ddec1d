"""Asks an LLM for the tags of a sentence (Tang et al. 2023, table 1). Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth.config import PromptConfig
from clinsynth.prompts import render
from clinsynth.scoring import scored
from clinsynth.tasks.ner.answers import read_answer
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.scores import count, errors
from clinsynth.tasks.ner.spans import Sentence
from clinsynth.types import Evaluation, Reading

VERSION = "ner-1"
"""Bumped when the same answers would be read or scored otherwise."""


def question(example: Sentence, *, prompt: PromptConfig, dataset: NerDataset) -> str:
    """The words with a space between any two, as they are to be tagged."""
    values = {"text": " ".join(example.tokens), "entity_type": dataset.entity_type}
    return render(prompt, values, optional=("entity_type",))


def answer(example: Sentence) -> str:
    return "\n".join(f"{token}\t{tag}" for token, tag in zip(example.tokens, example.tags, strict=True))


def read(text: str, *, question: str, example: Sentence, dataset: NerDataset) -> Reading:
    found = read_answer(text, question=question, tokens=example.tokens, entity_type=dataset.entity_type)
    return Reading(Sentence(example.tokens, found.spans), found.status, found.hallucinated)


def evaluate(gold: Sequence[Sentence], *, readings: Sequence[Reading], dataset: NerDataset) -> Evaluation:
    """Strict scores; an entity that is not in the text is a false positive, for it has no right boundary."""
    predicted = [reading.predicted for reading in readings]
    counts = count(gold, predicted)
    hallucinated = [len(reading.hallucinated) for reading in readings]
    counts[:, 1] += hallucinated
    kinds = errors(gold, predicted) | {"hallucinated": sum(hallucinated)}
    return Evaluation(scored(counts), errors=kinds, counts=counts)
