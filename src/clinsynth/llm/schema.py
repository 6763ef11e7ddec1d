"""The tables of the cache, their versions, and how a file of an earlier one becomes one of today.

Version 0 is that of the first edition, whose files say none; version 1 had neither logprobs nor dialects.
"""

from __future__ import annotations

import ast
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clinsynth.errors import ConfigError
from clinsynth.llm.endings import ending, lack

VERSION = 2

_TABLES = """
CREATE TABLE IF NOT EXISTS completions (
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    model TEXT NOT NULL,
    served_model TEXT NOT NULL,
    messages TEXT NOT NULL,
    sampling TEXT NOT NULL,
    evidence TEXT NOT NULL,
    completion TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cached_tokens INTEGER,
    cost_usd REAL,
    request_id TEXT,
    asked_at REAL NOT NULL,
    answered_at REAL NOT NULL,
    checksum TEXT NOT NULL DEFAULT '',
    logprobs TEXT
);
CREATE TABLE IF NOT EXISTS no_answers (
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    model TEXT NOT NULL,
    reason TEXT NOT NULL,
    said TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cost_usd REAL,
    answered_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS forgotten (model TEXT NOT NULL, rows INTEGER NOT NULL, cost_usd REAL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY, server TEXT NOT NULL, keys TEXT NOT NULL, at REAL NOT NULL, cost_usd REAL
);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, cost_usd REAL NOT NULL);
CREATE TABLE IF NOT EXISTS owners (owner TEXT PRIMARY KEY, beat INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dialects (
    server TEXT NOT NULL, model TEXT NOT NULL, learnt TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (server, model)
);
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS no_answers_by_key ON no_answers (key);
CREATE INDEX IF NOT EXISTS completions_by_cost ON completions (cost_usd);
"""

COSTS = ("completions", "no_answers", "forgotten", "batches", "claims")
"""Tables with what was paid for, or will be by what is under way."""


def checksum(completion: str, finish_reason: str) -> str:
    """Return what tells whether an answer is still as it was stored."""
    return hashlib.sha256(f"{finish_reason}\n{completion}".encode()).hexdigest()[:16]


def statements(*, real: str, integer: str) -> list[str]:
    """Return what makes the tables, with the names that another database has for types of numbers."""
    made = f"{_TABLES}{_INDEXES}".replace(" REAL", f" {real}").replace(" INTEGER", f" {integer}")
    return [statement for statement in made.split(";") if statement.strip()]


def prepare(database: sqlite3.Connection, *, path: Path) -> None:
    """Make the tables, or bring those of an earlier version up to date; raises ConfigError where that cannot be."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ConfigError(
            f"the cache of completions {path} is of a later release of clinsynth (its schema is {version}, this one "
            f"knows {VERSION}): update clinsynth, or choose another folder as paths.artifacts=..."
        )
    if version < VERSION:
        with transaction(database):
            _add_what_came_later(database, version=version)
            _check_columns(database, path=path)
            if version == 0:
                _sort_out(database)
            _execute(database, _INDEXES)
            database.execute(f"PRAGMA user_version = {VERSION}")
    _check_columns(database, path=path)


def differences(database: sqlite3.Connection) -> list[str]:
    """Return how the tables differ from those of this version."""
    with sqlite3.connect(":memory:") as model:
        model.executescript(_TABLES)
        wanted = {name: _columns(model, name) for (name,) in model.execute(_NAMES)}
    model.close()
    found = []
    for table, columns in wanted.items():
        there = _columns(database, table)
        lacking, more = [name for name in columns if name not in there], [name for name in there if name not in columns]
        found += [f"{table} lacks the column {name}" for name in lacking]
        found += [f"{table} has a column {name}" for name in more]
    return found


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def _check_columns(database: sqlite3.Connection, *, path: Path) -> None:
    if odd := differences(database):
        raise ConfigError(
            f"the cache of completions {path} has other tables than clinsynth makes: {'; '.join(odd)}. Nothing was "
            "asked and nothing changed. Undo that change, or put back a copy; moved out of the way, it is made anew, "
            "and its answers are asked for again."
        )


def _add_what_came_later(database: sqlite3.Connection, *, version: int) -> None:
    """Give a file of an earlier version, or an empty one, the tables and columns that it lacks."""
    names = {name for (name,) in database.execute(_NAMES)}
    if version == 0:
        database.execute("DROP TABLE IF EXISTS claims")  # of sessions that are over
        if "completions" in names:
            database.execute("ALTER TABLE completions ADD COLUMN checksum TEXT NOT NULL DEFAULT ''")
        if "batches" in names:
            database.execute("ALTER TABLE batches ADD COLUMN cost_usd REAL")
    if "completions" in names:
        database.execute("ALTER TABLE completions ADD COLUMN logprobs TEXT")
    _execute(database, _TABLES)


def _execute(database: sqlite3.Connection, statements: str) -> None:
    """Execute them within the transaction, which `executescript` would end."""
    for statement in filter(str.strip, statements.split(";")):
        database.execute(statement)


def _sort_out(database: sqlite3.Connection) -> None:
    """Move what is no answer out of the first edition's answers, which took everything for one."""
    for (key,) in database.execute("SELECT key FROM completions").fetchall():
        (row,) = database.execute("SELECT completion, finish_reason FROM completions WHERE key = ?", (key,))
        text = _joined(row[0])
        ended = ending(row[1], text=text)
        if reason := lack(text, ended=ended):
            database.execute(
                "INSERT INTO no_answers SELECT key, id, model, ?, completion, prompt_tokens, completion_tokens, "
                "cost_usd, answered_at FROM completions WHERE key = ?",
                (reason, key),
            )
            database.execute("DELETE FROM completions WHERE key = ?", (key,))
        else:
            database.execute(
                "UPDATE completions SET completion = ?, finish_reason = ?, checksum = ? WHERE key = ?",
                (text, ended, checksum(text, ended), key),
            )


def _joined(text: str) -> str:
    """Return the text of parts that were stored as Python writes a list."""
    if text.startswith("[{'type': 'text'"):
        with suppress(ValueError, SyntaxError, TypeError, KeyError):
            return "".join(part["text"] for part in ast.literal_eval(text))
    return text
