"""Asks an LLM which criteria a text meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from clinsynth.task import AnswerForm
from clinsynth.tasks.multilabel.answers import read_criteria
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import judge, truth_of
from clinsynth.text.schemas import exact, some_of
from clinsynth.types import CLEAN, Evaluation, Prompt, Reading


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

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return the names of any number of criteria, where the prompt is the project's own."""
        return self._form if prompt.text == self.prompt.text else None

    @cached_property
    def _form(self) -> AnswerForm:
        return some_of([*self.dataset.labels], none=NONE)

    def read(self, text: str, *, question: str, example: Note) -> Reading:
        """Return what an answer says, in whichever form."""
        held = exact(text, self._form, question=question)
        if isinstance(held, list) and all(isinstance(name, str) and name in self.dataset.labels for name in held):
            return Reading(replace(example, labels=tuple(name for name in self.dataset.labels if name in held)), CLEAN)
        found = read_criteria(text, question=question, labels=self.dataset.labels, text_asked=example.text)
        return replace(found, predicted=replace(example, labels=found.predicted))

    def evaluate(self, gold: Sequence[Note], *, readings: Sequence[Reading]) -> Evaluation:
        """Score by labels; a criterion that there is not counts as said, and is not."""
        labels = list(self.dataset.labels)
        predicted = [reading.predicted for reading in readings]
        hallucinated = [len(reading.hallucinated) for reading in readings]
        return judge(truth_of(gold, labels), truth_of(predicted, labels), labels=labels, others=hallucinated)
