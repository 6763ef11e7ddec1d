"""Asks an LLM which one of several classes a text belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from clinsynth.config import named_prompt
from clinsynth.prompts import filled
from clinsynth.task import AnswerForm
from clinsynth.tasks.classes.answers import read_class
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.classes.scores import judge
from clinsynth.text.schemas import exact, one_of
from clinsynth.types import CLEAN, Evaluation, Prompt, Reading


@dataclass(frozen=True)
class ClassesAsker:
    """Shows a text and the classes with their meanings, and reads the name of one out of whatever comes back."""

    dataset: ClassesDataset
    version: str = "classes-1"
    prompt: Prompt = field(default_factory=lambda: named_prompt("zero_shot_classes"))

    def question(self, example: Classified, *, prompt: Prompt) -> str:
        """Return the prompt with the text and the classes."""
        values = {
            "text": example.text,
            "classes": "\n".join(f"- {name}: {meaning}" for name, meaning in self.dataset.classes.items()),
            "markers": _explained(self.dataset.markers),
        }
        return filled(prompt, values, optional=("classes", "markers"))

    def answer(self, example: Classified) -> str:
        """Return the name of its class."""
        return example.label

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return the name of one class, where the prompt is the project's own."""
        return self._form if prompt.text == self.prompt.text else None

    @cached_property
    def _form(self) -> AnswerForm:
        return one_of([*self.dataset.classes])

    def read(self, text: str, *, question: str, example: Classified) -> Reading:
        """Return what an answer says, in whichever form; what cannot be read has no class."""
        if (held := exact(text, self._form, question=question)) in self.dataset.classes:
            return Reading(replace(example, label=held), CLEAN)
        found = read_class(text, question=question, classes=self.dataset.classes, asked=example.text)
        return replace(found, predicted=replace(example, label=found.predicted))

    def evaluate(self, gold: Sequence[Classified], *, readings: Sequence[Reading]) -> Evaluation:
        """Score by classes alone."""
        return judge(gold, [reading.predicted for reading in readings], labels=[*self.dataset.classes])


def _explained(markers: Sequence[str]) -> str:
    """Return what a question says of the markers; nothing where there are none."""
    return f"The class is that of what {' and '.join(markers)} stand for in the text." if markers else ""
