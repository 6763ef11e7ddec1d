"""Asks an LLM which criteria a text meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from clinsynth.tasks.multilabel.answers import read_criteria
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import judge, truth_of
from clinsynth.types import Evaluation, Prompt, Reading


@dataclass(frozen=True)
class MultilabelAsker:
    """Shows a text and the criteria, and reads their names out of whatever comes back."""

    dataset: MultilabelDataset
    version: str = "multilabel-2"
    prompt: Prompt = field(default_factory=lambda: named_prompt("zero_shot_multilabel"))

    def question(self, example: Note, *, prompt: Prompt) -> str:
        """Return the prompt with the text and the criteria."""
        criteria = "\n".join(f"- {label}: {meaning}" for label, meaning in self.dataset.labels.items())
        return render(prompt, {"text": example.text, "criteria": criteria}, optional=("criteria",))

    def answer(self, example: Note) -> str:
        """Return the criteria with semicolons between them, or none."""
        return "; ".join(example.labels) or NONE

    def read(self, text: str, *, question: str, example: Note) -> Reading:
        """Return what an answer says, in whichever form."""
        found = read_criteria(text, question=question, labels=self.dataset.labels, text_asked=example.text)
        return replace(found, predicted=replace(example, labels=found.predicted))

    def evaluate(self, gold: Sequence[Note], *, readings: Sequence[Reading]) -> Evaluation:
        """Score by labels; a criterion that there is not counts as said, and is not."""
        labels = list(self.dataset.labels)
        predicted = [reading.predicted for reading in readings]
        hallucinated = [len(reading.hallucinated) for reading in readings]
        return judge(truth_of(gold, labels), truth_of(predicted, labels), labels=labels, others=hallucinated)
