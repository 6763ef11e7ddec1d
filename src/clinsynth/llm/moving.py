"""All that a cache holds into another one: answers, what came in their place, what was forgotten, what was learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.keys import digest
from clinsynth.llm.cache import TABLES, CompletionCache

AT_ONCE = 500
"""Rows that are written together."""

Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Moved:
    taken: int
    """Rows that were not there."""
    there: int
    twice: int
    """Requests that the other cache has another answer to, which stays."""


def move(source: CompletionCache, target: CompletionCache) -> Moved:
    """Take over all rows but those that are there; raises DataFormatError where they are not equal afterwards.

    Done again, it takes what has come since. The source stays as it is.
    """
    bills = [_bill(row) for row in _answered_otherwise(source, target)]
    taken = there = 0
    for table in TABLES:
        new, known = _take_over(source, target, table=table, more=bills if table == "forgotten" else ())
        taken, there = taken + new, there + known
    _check(source, target, twice=len(bills))
    return Moved(taken - len(bills), there, len(bills))


def _answered_otherwise(source: CompletionCache, target: CompletionCache) -> Iterator[dict[str, Any]]:
    """Yield the answers to requests that the target has other answers to."""
    known = {row["key"]: _mark(row) for row in target.table("completions")}
    for row in source.table("completions"):
        if known.get(row["key"], _mark(target.held(row))) != _mark(target.held(row)):
            yield row


def _bill(row: dict[str, Any]) -> dict[str, Any]:
    """Return what stays on the bill of an answer that is not kept."""
    return {"model": row["model"], "rows": 1, "cost_usd": row["cost_usd"], "at": row["answered_at"]}


def _take_over(source: CompletionCache, target: CompletionCache, *, table: str, more: Rows) -> tuple[int, int]:
    """Write the rows of a table, and `more`, that the target lacks; return how many those are, and how many others."""
    known = Counter(map(_mark, target.table(table)))
    there = 0
    new: list[dict[str, Any]] = []
    taken = 0
    for row in chain(source.table(table), more):
        mark = _mark(target.held(row))
        if known[mark]:
            known[mark] -= 1
            there += 1
            continue
        new.append(row)
        if len(new) == AT_ONCE:
            target.add(new, table=table)
            taken, new = taken + len(new), []
    target.add(new, table=table)
    return taken + len(new), there


def _check(source: CompletionCache, target: CompletionCache, *, twice: int) -> None:
    """Raise DataFormatError where the target lacks a row; what a server takes may have been learnt anew."""
    for table in ("completions", "no_answers", "forgotten", "batches"):
        wanted = Counter(_mark(target.held(row)) for row in source.table(table))
        lost = (wanted - Counter(map(_mark, target.table(table)))).total()
        if lost != (twice if table == "completions" else 0):
            raise DataFormatError(
                f"{lost} rows of {table} are not in {target.path} as they are in {source.path}, which is left as it "
                "is: go on with that one. Does another process write to one of them?"
            )


def _mark(row: dict[str, Any]) -> str:
    return digest(list(row.values()))
