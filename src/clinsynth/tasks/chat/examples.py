"""A dialogue, and the columns, words and counts of dialogues, whichever dataset they are of."""

from __future__ import annotations

import statistics as stats
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinsynth.text.words import tokenise

HUMAN, AI = "[Human]", "[AI]"


@dataclass(frozen=True)
class Dialogue:
    """Turns of a human and an assistant, who take turns; the human begins."""

    turns: tuple[str, ...]
    rejected: str = ""
    """A worse answer to the first turn, to be left for the better one; empty where there is none."""
    label: str = ""
    """Empty: a dialogue has none."""
    loss: float = field(default=0.0, compare=False)
    """Of a prediction: the negative log-likelihood of the reference answers, summed over their pieces."""
    base_loss: float = field(default=0.0, compare=False)
    """The same of the backbone before it has learnt."""
    pieces: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        """Return the dialogue as a prompt has it."""
        return "\n".join(f"{(HUMAN, AI)[place % 2]} {turn}" for place, turn in enumerate(self.turns))

    @property
    def question(self) -> str:
        """Return the first turn."""
        return self.turns[0]

    @property
    def answer(self) -> str:
        """Return the first turn of the assistant; empty where there is none."""
        return self.turns[1] if len(self.turns) > 1 else ""

    @property
    def answers(self) -> tuple[str, ...]:
        """Return all turns of the assistant."""
        return self.turns[1::2]

    def entities(self) -> list[dict[str, Any]]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "turns": list(self.turns)}


COLUMNS: Mapping[str, str] = {"turns": "what human and assistant say in turn; the human begins"}
LISTS: tuple[str, ...] = ("turns",)


def from_json(row: Mapping[str, Any]) -> Dialogue:
    return Dialogue(tuple(row["turns"]))


def words(example: Dialogue) -> Sequence[str]:
    return tokenise(" ".join(example.turns))


def describe(examples: Sequence[Dialogue]) -> dict[str, int]:
    return {"dialogues": len(examples), "turns": sum(len(example.turns) for example in examples)}


def statistics(examples: Sequence[Dialogue]) -> dict[str, float]:
    """Return how many turns dialogues have, and how long answers are."""
    lengths = [len(tokenise(answer)) for example in examples for answer in example.answers]
    return {
        "turns, mean": stats.fmean(len(example.turns) for example in examples) if examples else 0.0,
        "words of an answer, mean": stats.fmean(lengths) if lengths else 0.0,
    }
