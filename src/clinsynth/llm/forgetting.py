"""Finds the rows of the cache that a person wants to be rid of, so that they are asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.recorded import parse_id

TABLES = ("completions", "no_answers")


@dataclass(frozen=True)
class Wish:
    """A choice of rows that are to be forgotten: those to which all applies that is not `None`."""

    dataset: str | None = None
    prompt: str | None = None
    unit: str | None = None
    model: str | None = None
    reason: str | None = None
    """How an answer ended, or why there is none."""
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Found:
    table: str
    dataset: str
    prompt: str
    unit: str
    reason: str
    row: dict[str, Any]

    def is_wanted(self, wish: Wish) -> bool:
        at, row = self.row["answered_at"], self.row
        return (
            wish.dataset in (None, self.dataset)
            and wish.prompt in (None, self.prompt)
            and wish.unit in (None, self.unit)
            and wish.model in (None, row["model"])
            and wish.reason in (None, self.reason)
            and (wish.since is None or at >= wish.since.timestamp())
            and (wish.before is None or at < wish.before.timestamp())
        )


def find(cache: CompletionCache, wish: Wish) -> list[Found]:
    """Return the rows to be forgotten; raises ConfigError for a wish that names nothing, or nothing that is there."""
    if wish == Wish():
        raise ConfigError(
            "action=forget needs to know what: give one or more of forget.dataset=, forget.prompt=, forget.unit=, "
            "forget.reason=, forget.since=, forget.before=, model=. dry_run=true prints what it would be."
        )
    there = [_found(table, row) for table in TABLES for row in cache.table(table)]
    wanted = [found for found in there if found.is_wanted(wish)]
    if not wanted:
        names = ", ".join(
            f"{what} {', '.join(sorted({getattr(found, what) for found in there})[:10]) or 'none'}"
            for what in ("dataset", "prompt", "reason")
        )
        raise ConfigError(f"nothing in {cache.path} is so, and nothing was forgotten. What there is: {names}.")
    return wanted


def forget(cache: CompletionCache, found: list[Found]) -> None:
    """Remove rows from the cache; what they have cost stays on its bill."""
    for table in TABLES:
        cache.forget([one.row for one in found if one.table == table], table=table)


def _found(table: str, row: dict[str, Any]) -> Found:
    dataset, prompt, unit, _ = parse_id(row["id"])
    light = {name: row[name] for name in ("key", "model", "cost_usd", "answered_at")}
    return Found(table, dataset, prompt, unit, row.get("finish_reason") or row["reason"], light)
