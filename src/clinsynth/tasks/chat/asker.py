"""Asks an LLM the test questions themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clinsynth.config import named_prompt
from clinsynth.prompts import render
from clinsynth.task import AnswerForm
from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.scores import judge
from clinsynth.text.refusals import is_refusal
from clinsynth.types import CLEAN, UNUSABLE, Evaluation, Prompt, Reading


@dataclass(frozen=True)
class ChatAsker:
    """Shows a question, and takes what comes back for the answer."""

    dataset: ChatDataset
    version: str = "chat-1"
    prompt: Prompt = field(default_factory=lambda: named_prompt("zero_shot_chat"))

    def question(self, example: Dialogue, *, prompt: Prompt) -> str:
        return render(prompt, {"text": example.question})

    def answer(self, example: Dialogue) -> str:
        return example.answer

    def form(self, prompt: Prompt) -> AnswerForm | None:
        """Return none: an answer is a text."""
        return None

    def read(self, text: str, *, question: str, example: Dialogue) -> Reading:
        """Return the answer; a refusal says nothing."""
        answer = text.strip()
        status = CLEAN if answer and not is_refusal(answer) else UNUSABLE
        return Reading(replace(example, turns=(example.question, answer)), status)

    def evaluate(self, gold: Sequence[Dialogue], *, readings: Sequence[Reading]) -> Evaluation:
        return judge(gold, [reading.predicted for reading in readings])
