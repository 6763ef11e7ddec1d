"""Self-chat: a dialogue that begins with a seed question, by one request (after Xu et al. 2023) or turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.config import check
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import Choices, Proposal, Supply, Writing
from clinsynth.tasks.chat.config import ChatDataset, Written
from clinsynth.tasks.chat.examples import Dialogue
from clinsynth.tasks.chat.parsing import read_dialogue
from clinsynth.tasks.chat.turns import TurnTaking
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.refusals import is_refusal
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

PER_UNIT = 1
"""Dialogues from a question, where the settings say nothing."""


@dataclass(frozen=True)
class ChatWriter:
    """Asks for a dialogue from each seed question, and reads its turns."""

    dataset: ChatDataset
    version: str = "chat-1"
    supply: Supply = EACH_UNIT

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have."""
        if choices.total is not None:
            raise ConfigError(f"size.total={choices.total}: dialogues are counted by question: size=n1, n2 ...")
        annotator = "none" if choices.annotator == "default" else choices.annotator
        check(annotator == "none", "annotator.name", annotator, "none: a dialogue has no label")
        check(not choices.weighted, "quality.weighted", True, "false; only multilabel weights examples")
        for name, number in (("dataset", self.dataset.per_request), ("generation", choices.per_request)):
            check(number in (None, 1), f"{name}.per_request", number, "1: a request writes one dialogue")
        usual, name = choices.prompt.name == "default", "self_chat_turns" if self.exchange else "self_chat"
        return replace(
            choices,
            per_unit=choices.per_unit or PER_UNIT,
            per_request=1,
            prompt=usual_prompt(name, language=choices.language) if usual else choices.prompt,
            annotator=annotator,
        )

    @property
    def exchange(self) -> TurnTaking | None:
        """Return how two roles take turns; `None` where one request writes a whole dialogue."""
        return TurnTaking(self.dataset) if self.dataset.written is Written.in_turns else None

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose nothing."""
        return Proposal(self.dataset)

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return the seed questions in the order of their file."""
        return list(dict.fromkeys(dialogue.question for dialogue in gold.trainable))

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return the questions that are asked in the test split, too."""
        held_out = {dialogue.question.casefold() for dialogue in gold.held_out}
        return {unit for unit in units if unit.casefold() in held_out}

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for a dialogue about a question, or for its second turn; its reference answer is not shown."""
        if self.exchange and (first := self.exchange.request(unit, replicate=replicate, said=(), writing=writing)):
            return first
        values = {
            "question": unit,
            "topic": self.dataset.topic,
            "style": self.dataset.style,
            "turns": self.dataset.turns,
        }
        message = render(writing.prompt, values, optional=("topic", "style", "turns"))
        id = f"{self.dataset.name}/{writing.prompt.name}/{unit}#{replicate}"
        return Request(id, ({"role": "user", "content": message},), {"prompt": message}, len(unit))

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the dialogue of a completion, or why there is none."""
        turns = read_dialogue(completion.text, cut=completion.finish_reason == "length")
        draft = Draft(unit, replicate, 0, Dialogue(turns).text if turns else completion.text)
        if turns:
            return [draft], []
        reason = "refusal" if is_refusal(completion.text) else "no_dialogue"
        return [], [Rejected(replace(draft, index=-1), reason)]

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return none: a dialogue has no label."""
        return None

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return each dialogue as an example."""
        return [Candidate(draft, Dialogue(read_dialogue(draft.text, cut=False))) for draft in drafts], []

    def contains(self, draft: Draft) -> bool:
        """Say yes: a dialogue begins with its question, in whichever words."""
        return True

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        task = "the transcript of a conversation between [Human] and [AI] that begins with a question about " + (
            self.dataset.topic
        )
        return Brief(task, {"question": "the question it begins with"})
