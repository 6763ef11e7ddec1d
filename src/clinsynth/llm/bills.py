"""The cost of some requests, all their answers and what came in the place of answers, as the cache has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

from clinsynth.llm import databases
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import is_there
from clinsynth.llm.recorded import parse_id

Place = tuple[str, int]
"""Unit and replicate."""


@dataclass
class Bill:
    """The sum over the rows that were added; changed by `add`."""

    answers: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    """`None` where the price of one of them is not known."""
    no_answers: Counter[str] = field(default_factory=Counter)
    """Why what came is no answer, and how often."""

    def add(self, row: dict[str, Any]) -> None:
        """Add a row of the cache."""
        self.tokens += (row["prompt_tokens"] or 0) + (row["completion_tokens"] or 0)
        self.usd = None if None in (self.usd, row["cost_usd"]) else (self.usd or 0.0) + row["cost_usd"]
        if "reason" in row:
            self.no_answers[row["reason"]] += 1
        else:
            self.answers += 1


def bill_of(path: databases.Place, *, dataset: str, served_by: Collection[str], places: Collection[Place]) -> Bill:
    """Return what the answers about these units and replicates have cost, their labels too; empty without a cache.

    `served_by` are the models that a corpus names. Other prompts about the same units count in.
    """
    bill, asked = Bill(), set[str]()
    if not is_there(path):
        return bill
    with closing(CompletionCache(path)) as cache:
        for row in cache.table("completions"):
            if row["served_model"] in served_by and _is_about(row["id"], dataset, places):
                asked.add(row["model"])
                bill.add(row)
        for row in cache.table("no_answers"):
            if row["model"] in asked and _is_about(row["id"], dataset, places):
                bill.add(row)
    return bill


def _is_about(id: str, dataset: str, places: Collection[Place]) -> bool:
    with suppress(ValueError):
        named, _, unit, replicate = parse_id(id)
        return named == dataset and (unit, replicate) in places
    return False
