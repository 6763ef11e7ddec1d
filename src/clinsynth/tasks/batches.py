"""Real texts as units: batches of them, which are only labelled."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.task import Choices, Proposal, Supply, Writing
from clinsynth.tasks.labelling import numbered
from clinsynth.tasks.supply import BATCHES
from clinsynth.types import Brief, Completion, Draft, Gold, Rejected, Request

PER_REQUEST = 20
"""Texts that one request shows."""

START = "texts-"
"""The beginning of a unit's name."""


@dataclass(frozen=True)
class TextBatches:
    """The parts of a writer that are the same for all tasks: batches of texts in the place of units."""

    dataset: Any
    texts: tuple[Any, ...]
    """Examples without labels."""
    per_request: int
    version: str
    supply: Supply = BATCHES

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose nothing."""
        return Proposal(self.dataset)

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return the names of the batches, in the order in which the texts are picked."""
        return [f"{START}{place:04d}" for place in range(-(-len(self.texts) // self.per_request))]

    def batch(self, unit: str) -> tuple[Any, ...]:
        """Return the texts of a unit."""
        first = int(unit.removeprefix(START)) * self.per_request
        return self.texts[first : first + self.per_request]

    def example(self, draft: Draft) -> Any:
        """Return the text of a draft as an example without labels."""
        return self.texts[int(draft.unit.removeprefix(START)) * self.per_request + draft.index]

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return none: texts of the test split were left out before."""
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Return a request that is answered by the texts themselves."""
        own = numbered([example.text for example in self.batch(unit)])
        return Request(f"{self.dataset.name}/texts/{unit}#{replicate}", (), own=own)

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the texts of a batch."""
        texts = enumerate(self.batch(unit))
        return [Draft(unit, replicate, index, example.text) for index, example in texts], []

    def contains(self, draft: Draft) -> bool:
        """Say yes: a batch is about its texts."""
        return True

    def brief(self) -> Brief:
        raise ConfigError("material=texts writes nothing, so that there is no prompt to search for: leave it out.")


def evidence_of(drafts: Sequence[Draft]) -> dict[str, str]:
    """Return what tells the texts of a request from others: the sha256 of what it shows."""
    shown = numbered([draft.text for draft in drafts])
    return {"texts_sha256": hashlib.sha256(shown.encode()).hexdigest()}


def check_choices(choices: Choices, *, named: str) -> None:
    """Raise ConfigError for settings of texts that an LLM writes."""
    wrong = {
        "size": choices.per_unit is not None or choices.total is not None,
        "units.negatives": choices.negatives is not None,
        "quality.weighted": choices.weighted,
        "annotator=seed": choices.annotator == "seed",
    }
    found = [name for name, is_wrong in wrong.items() if is_wrong]
    if found:
        raise ConfigError(
            f"material=texts labels texts that are there, and {', '.join(found)} is of texts that an LLM writes: leave "
            f"it out. texts.number says how many texts; {named} labels them."
        )
