"""Checks a cache of completions: the file, and each row against its key and its checksum."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from clinsynth import keys
from clinsynth.llm.schema import checksum
from clinsynth.types import Request

_COLUMNS = ("key", "id", "model", "messages", "sampling", "completion", "finish_reason", "checksum")


def faults(path: Path) -> list[str]:
    """Return what SQLite finds wrong with the file, and rows that are not what their key or their checksum says."""
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes  # text that is none is a fault of its row, and no error
        return [*_of_file(database), *_of_rows(database)]


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
        for row in database.execute(f"SELECT rowid, {', '.join(_COLUMNS)} FROM completions"):
            if fault := _of_row(dict(zip(_COLUMNS, row[1:], strict=True))):
                yield f"row {row[0]}: {fault}"
    except sqlite3.Error as error:
        yield f"its rows cannot all be read: {error}"


def _of_row(row: dict[str, Any]) -> str | None:
    """Return the fault of a row, which quotes nothing of it."""
    try:
        found = {name: value.decode() for name, value in row.items()}
        request = Request(found["id"], tuple(json.loads(found["messages"])))
        key = keys.request(request, model=found["model"], sampling=json.loads(found["sampling"]))
    except (ValueError, TypeError, AttributeError):
        return "it cannot be read"
    if key != found["key"]:
        return "its key is not that of its content"
    if checksum(found["completion"], found["finish_reason"]) != found["checksum"]:
        return "its answer is not the one that was stored"
    return None
