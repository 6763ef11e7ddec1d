"""Checks a cache of completions: the file, and each row against its key and its checksum."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from clinsynth import keys
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import Address, Place
from clinsynth.llm.schema import checksum
from clinsynth.types import Request

_COLUMNS = ("key", "id", "model", "messages", "sampling", "completion", "finish_reason", "checksum")


def faults(path: Place) -> list[str]:
    """Return what SQLite finds wrong with a file, and rows that are not what their key or their checksum says."""
    if isinstance(path, Address):
        with closing(CompletionCache(path)) as cache:
            return [*_numbered(enumerate(cache.table("completions"), 1))]
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes  # text that is none is a fault of its row, and no error
        return [*_of_file(database), *_of_rows(database)]


def count(path: Place) -> int:
    """Return how many answers there are; a file of an earlier release is not changed by it."""
    if isinstance(path, Address):
        with closing(CompletionCache(path)) as cache:
            return cache.count()
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM completions").fetchone()[0])


def _of_file(database: sqlite3.Connection) -> Iterator[str]:
    try:
        for (said,) in database.execute("PRAGMA integrity_check"):
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            if text != "ok":
                yield text
    except sqlite3.Error as error:
        yield str(error)


def _of_rows(database: sqlite3.Connection) -> Iterator[str]:
    try:
        found = database.execute(f"SELECT rowid, {', '.join(_COLUMNS)} FROM completions")
        yield from _numbered((row[0], dict(zip(_COLUMNS, row[1:], strict=True))) for row in found)
    except sqlite3.Error as error:
        yield f"its rows cannot all be read: {error}"


def _numbered(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[str]:
    for number, row in rows:
        if fault := _of_row(row):
            yield f"row {number}: {fault}"


def _of_row(row: dict[str, Any]) -> str | None:
    """Return the fault of a row, which quotes nothing of it."""
    try:
        found = {name: row[name].decode() if isinstance(row[name], bytes) else row[name] for name in _COLUMNS}
        request = Request(found["id"], tuple(json.loads(found["messages"])))
        key = keys.request(request, model=found["model"], sampling=json.loads(found["sampling"]))
    except (ValueError, TypeError, AttributeError):
        return "it cannot be read"
    if key != found["key"]:
        return "its key is not that of its content"
    if checksum(found["completion"], found["finish_reason"]) != found["checksum"]:
        return "its answer is not the one that was stored"
    return None
