"""Asks an LLM for the tags of a sentence (Tang et al. 2023, table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from clinsynth.scoring import scored
from clinsynth.task import AnswerForm
from clinsynth.tasks.ner.answers import read_entities
from clinsynth.tasks.ner.answers.several import read_typed_entities
from clinsynth.tasks.ner.config import NerDataset, listed_types
from clinsynth.tasks.ner.counts import count, errors
from clinsynth.tasks.ner.details import detailed, further, types_of
from clinsynth.text.entities import Sentence
from clinsynth.types import Evaluation, Prompt, Reading


@dataclass(frozen=True)
class NerAsker:
    """Shows the words of a sentence, and reads entities out of whatever comes back."""

    dataset: NerDataset
    version: str = "ner-2"

    @property
    def prompt(self) -> Prompt:
        return named_prompt("zero_shot_types" if self.dataset.term_types() else "zero_shot_ner")

    def question(self, example: Sentence, *, prompt: Prompt) -> str:
        """Return the prompt with the words and a space between any two, as they are to be tagged."""
        dataset = self.dataset
        told = {
            "entity_type": " or ".join(dataset.types),
            "types": listed_types(dataset),
            "tags": ", ".join(dataset.labels),
        }
        return render(prompt, told | {"text": " ".join(example.tokens)}, optional=tuple(told))

    def answer(self, example: Sentence) -> str:
        """Return a word and its tag a line."""
        return "\n".join(f"{token}\t{tag}" for token, tag in zip(example.tokens, example.tags, strict=True))

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return none: the prompt is that of the paper."""
        return None

    def read(self, text: str, *, question: str, example: Sentence) -> Reading:
        """Return what an answer says, in whichever form."""
        nouns = {name: self.dataset.noun_of(name) for name in self.dataset.types}
        if len(nouns) > 1:
            found = read_typed_entities(text, question=question, tokens=example.tokens, nouns=nouns)
        else:
            found = read_entities(text, question=question, tokens=example.tokens, entity_type=self.dataset.only_type)
        return replace(found, predicted=example.marked(found.predicted))

    def evaluate(self, gold: Sequence[Sentence], *, readings: Sequence[Reading]) -> Evaluation:
        """Score strictly; an entity that is not in the text is a false positive, for it has no right boundary."""
        predicted = [reading.predicted for reading in readings]
        counts = count(gold, predicted)
        hallucinated = [len(reading.hallucinated) for reading in readings]
        counts[:, 1] += hallucinated
        kinds = errors(gold, predicted) | {"hallucinated": sum(hallucinated)}
        if self.dataset.term_types():
            kinds["conflict"] = sum(reading.conflicts for reading in readings)
        types = types_of([*gold, *predicted])
        metrics = scored(counts) | further(gold, predicted, types=types, spurious=sum(hallucinated))
        return Evaluation(metrics, errors=kinds, counts=counts, details=detailed(gold, predicted))
