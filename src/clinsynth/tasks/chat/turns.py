"""Two roles take turns, a request each; what they have said together is read as one dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.prompts import render
from clinsynth.task import Writing
from clinsynth.tasks.chat.config import ChatDataset
from clinsynth.tasks.chat.examples import AI, HUMAN, Dialogue
from clinsynth.tasks.chat.parsing import END, read_turn
from clinsynth.text.refusals import is_refusal
from clinsynth.types import Completion, Request

USUAL_WORDS = {HUMAN: 12, AI: 80}
"""Words of a turn, where its cost is told before it is there."""


@dataclass(frozen=True)
class TurnTaking:
    """The human opens with the seed question itself, and the assistant has the last word."""

    dataset: ChatDataset

    def request(self, unit: str, *, replicate: int, said: Sequence[Completion], writing: Writing) -> Request | None:
        """Ask for the next turn, by whichever role has it; `None` where the dialogue has ended."""
        if self._ended(said):
            return None
        turns = self._turns(unit, said)
        values = {
            "transcript": Dialogue(turns).text,
            "speaker": (HUMAN, AI)[len(turns) % 2],
            "topic": self.dataset.topic,
            "style": self.dataset.style,
        }
        message = render(writing.prompt, values, optional=("topic", "style"))
        id = f"{self.dataset.name}/{writing.prompt.name}_{len(turns) + 1}/{unit}#{replicate}"
        return Request(id, ({"role": "user", "content": message},), {"prompt": message}, len(unit))

    def joined(self, unit: str, said: Sequence[Completion]) -> Completion:
        """Return the whole dialogue as if one answer had held it."""
        return replace(said[-1], id=said[0].id, text=Dialogue(self._turns(unit, said)).text)

    def foreseen(self, unit: str, *, replicate: int, writing: Writing) -> list[Request]:
        """Return requests of the usual length in the place of those that follow the first."""
        said: list[Completion] = []
        found = []
        while request := self.request(unit, replicate=replicate, said=said, writing=writing):
            found.append(request)
            role = (AI, HUMAN)[len(said) % 2]
            said.append(Completion(request.id, "", " ".join(["word"] * USUAL_WORDS[role]), "stop"))
        return found[1:]

    def _ended(self, said: Sequence[Completion]) -> bool:
        """Say whether nothing is left to ask, enough was asked, or a turn is none."""
        if not said:
            return False
        text, last = read_turn(said[-1].text), said[-1]
        if not text or last.finish_reason == "length":
            return True
        human = len(said) % 2 == 0
        return END in last.text if human else is_refusal(text) or len(said) >= 2 * self.dataset.turns - 1

    def _turns(self, unit: str, said: Sequence[Completion]) -> tuple[str, ...]:
        """Return what was said, without the end of the human's questions."""
        turns = [read_turn(completion.text) for completion in said]
        if said and len(said) % 2 == 0 and END in said[-1].text:
            turns.pop()
        return (unit, *turns)
