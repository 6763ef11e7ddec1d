"""The prompts of a search, what was written with them, and how they were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from clinsynth.types import Metrics


@dataclass(frozen=True)
class CandidatePrompt:
    """A prompt and its samples."""

    name: str
    """Round and place in it, such as `2.4`."""
    parent: str | None
    """The prompt that it is a variation of."""
    text: str
    """A template."""
    kept: tuple[str, ...]
    """Samples that passed quality control."""
    rejected: tuple[tuple[str, str], ...]
    """Others, each with its reason."""
    gold_characters: int = 0
    """How many characters of the kept samples are names of gold units."""

    @property
    def numbered(self) -> str:
        """Return the kept samples as a judge sees them."""
        return "\n".join(f"{place}. {text}" for place, text in enumerate(self.kept, 1))


@dataclass(frozen=True)
class Contest:
    """One round: who won, and by which scores; the best of earlier rounds is in it again."""

    number: int
    winner: str
    verdicts: Mapping[str, Metrics]
    """By the name of the candidate: `score`, and what it is made of."""
    unusable: tuple[tuple[str, str], ...]
    """Proposals that are no template of the task, each with its reason."""


@dataclass
class Tree:
    task: str = ""
    """The task that the prompts are for."""
    candidates: list[CandidatePrompt] = field(default_factory=list)
    contests: list[Contest] = field(default_factory=list)
    finished: bool = False
    """All rounds are judged, or nothing new was proposed any more."""

    @property
    def winner(self) -> CandidatePrompt | None:
        """Return the winner of the last round that was judged."""
        return self.named(self.contests[-1].winner) if self.contests else None

    def named(self, name: str) -> CandidatePrompt:
        return next(candidate for candidate in self.candidates if candidate.name == name)

    def scores(self, name: str) -> Metrics:
        """Return the scores of the candidate's last contest; empty where it has not been judged."""
        found = [contest.verdicts[name] for contest in self.contests if name in contest.verdicts]
        return found[-1] if found else {}

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Tree:
        candidates = [
            CandidatePrompt(**row | {"kept": tuple(row["kept"]), "rejected": _pairs(row["rejected"])})
            for row in content["candidates"]
        ]
        contests = [Contest(**row | {"unusable": _pairs(row["unusable"])}) for row in content["contests"]]
        return cls(content["task"], candidates, contests, content["finished"])


def _pairs(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((text, reason) for text, reason in rows)
