"""Asks an LLM whether a sentence says that the two are related (Tang et al. 2023, table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from clinsynth.task import AnswerForm
from clinsynth.tasks.relation.answers import read_verdict
from clinsynth.tasks.relation.config import RelationDataset, check_markers
from clinsynth.tasks.relation.gold import NEGATIVE, Relation
from clinsynth.tasks.relation.scores import judge
from clinsynth.types import Evaluation, Prompt, Reading


@dataclass(frozen=True)
class RelationAsker:
    """Shows a marked sentence, and reads yes or no out of whatever comes back."""

    dataset: RelationDataset
    version: str = "relation-2"
    prompt: Prompt = field(default_factory=lambda: named_prompt("zero_shot_relation"))

    def question(self, example: Relation, *, prompt: Prompt) -> str:
        """Return the prompt with the sentence; raises ConfigError where it does not explain the markers."""
        check_markers(render(prompt, {"text": ""}), prompt=prompt, dataset=self.dataset)
        return render(prompt, {"text": example.text})

    def answer(self, example: Relation) -> str:
        """Return Yes or No."""
        return example.label

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return none: the prompt is that of the paper."""
        return None

    def read(self, text: str, *, question: str, example: Relation) -> Reading:
        """Return what an answer says; what cannot be read has not said yes."""
        found = read_verdict(text, question=question, sentence=example.text)
        return replace(found, predicted=replace(example, label=found.predicted or NEGATIVE))

    def evaluate(self, gold: Sequence[Relation], *, readings: Sequence[Reading]) -> Evaluation:
        """Score by labels alone."""
        return judge(gold, [reading.predicted for reading in readings])
