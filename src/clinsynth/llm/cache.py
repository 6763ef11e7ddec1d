"""Completions that were paid for: one row each, written as it arrives, in SQLite.

The key of a row covers what changes the answer (model, messages, sampling, replicate) and nothing
else, so that code, endpoints, filters and sizes can change without paying twice. A claim with a
heartbeat keeps a second process from paying for what a first one is waiting for; the claim of a
process that was killed goes stale and blocks nobody.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from clinsynth import keys
from clinsynth.errors import ConfigError
from clinsynth.llm.servers.base import ServerAnswer, Usage
from clinsynth.types import Completion, Request

STALE = 20.0
"""Seconds without a heartbeat after which a claim is void."""

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
    answered_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, server TEXT NOT NULL, keys TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, heartbeat REAL NOT NULL);
"""


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


class CompletionCache:
    """The cache of one `paths.artifacts`; raises ConfigError where its file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owner = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
            with FileLock(path.with_name(f"{path.name}.lock")):  # a change of mode does not wait for others
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")  # safe against kill -9; fsync at checkpoints
                self._database.executescript(_TABLES)
                self._void_dead_claims()
        except sqlite3.Error as error:
            raise ConfigError(f"the cache of completions {path} cannot be opened: {error}") from error

    def get(self, keys: Iterable[str]) -> dict[str, tuple[Completion, Usage, float | None]]:
        """Return completion, usage and cost of those that are there, by key."""
        found = {}
        listed = list(keys)
        for start in range(0, len(listed), 500):
            some = listed[start : start + 500]
            marks = ",".join("?" * len(some))
            for row in self._database.execute(
                "SELECT key, id, served_model, completion, finish_reason, prompt_tokens, completion_tokens, "
                f"cached_tokens, cost_usd FROM completions WHERE key IN ({marks})",
                some,
            ):
                completion = Completion(row[1], row[2], row[3], row[4])
                found[row[0]] = (completion, Usage(row[5], row[6], row[7]), row[8])
        return found

    def put(
        self,
        key: str,
        request: Request,
        answer: ServerAnswer,
        *,
        model: str,
        sampling: dict[str, Any],
        asked_at: float,
        cost_usd: float | None = None,
    ) -> None:
        """Store an answer and drop its claim, in one transaction; `asked_at` is in seconds since 1970."""
        usage = answer.usage
        row = (
            key,
            request.id,
            model,
            answer.served_model,
            json.dumps(list(request.messages), ensure_ascii=False),
            json.dumps(sampling, sort_keys=True),
            json.dumps(request.evidence, ensure_ascii=False),
            answer.text,
            answer.finish_reason,
            usage.prompt,
            usage.completion,
            usage.cached,
            cost_usd,
            answer.request_id,
            asked_at,
            time.time(),
        )
        with self._transaction():
            self._database.execute(f"INSERT OR IGNORE INTO completions VALUES ({','.join('?' * len(row))})", row)
            self._database.execute("DELETE FROM claims WHERE key = ?", (key,))

    def _void_dead_claims(self) -> None:
        """Void the claims of processes of this machine that are gone, so that nobody waits for them."""
        here = f"{socket.gethostname()}/"
        for (owner,) in self._database.execute("SELECT DISTINCT owner FROM claims").fetchall():
            if owner.startswith(here) and not _alive(int(owner.split("/")[1])):
                self._database.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    def claim(self, key: str) -> bool:
        """Say whether this process may ask: nobody else is waiting for this answer, and it is not there."""
        now = time.time()
        with self._transaction():
            if self._database.execute("SELECT 1 FROM completions WHERE key = ?", (key,)).fetchone():
                return False
            done = self._database.execute(
                "INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, "
                "heartbeat = excluded.heartbeat WHERE owner = excluded.owner OR heartbeat < ?",
                (key, self.owner, now, now - STALE),
            )
            return done.rowcount == 1

    def send_heartbeat(self) -> None:
        """Say that this process is alive; to be called more often than every `STALE` seconds."""
        self._database.execute("UPDATE claims SET heartbeat = ? WHERE owner = ?", (time.time(), self.owner))

    def release(self, keys: Sequence[str] = ()) -> None:
        """Give up claims: those of `keys`, or all of this process."""
        with self._transaction():
            if keys:
                self._database.executemany(
                    "DELETE FROM claims WHERE key = ? AND owner = ?", [(key, self.owner) for key in keys]
                )
            else:
                self._database.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))

    def batches(self, server: str) -> dict[str, list[str]]:
        """Return the batches that a server is working off, and the keys that each holds."""
        found = self._database.execute("SELECT id, keys FROM batches WHERE server = ? ORDER BY at", (server,))
        return {id: json.loads(keys) for id, keys in found}

    def note_batch(self, id: str, keys: Sequence[str], *, server: str) -> None:
        with self._transaction():
            row = (id, server, json.dumps(list(keys)), time.time())
            self._database.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)", row)

    def forget_batch(self, id: str) -> None:
        with self._transaction():
            self._database.execute("DELETE FROM batches WHERE id = ?", (id,))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all completions, oldest first; messages, sampling and evidence as they were."""
        cursor = self._database.execute("SELECT * FROM completions ORDER BY answered_at, key")
        names = [column[0] for column in cursor.description]
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            yield row | {name: json.loads(row[name]) for name in ("messages", "sampling", "evidence")}

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with the file, and rows that are not what their key says."""
        found = [str(row[0]) for row in self._database.execute("PRAGMA integrity_check") if row[0] != "ok"]
        for row in self.rows():
            request = Request(row["id"], tuple(row["messages"]))
            if keys.request(request, model=row["model"], sampling=row["sampling"]) != row["key"]:
                found.append(f"{row['id']}: its key is not that of its content")
        return found

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write all or nothing; raises ConfigError where the disk is full or the file may not be written."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise ConfigError(
                f"the cache of completions {self.path} cannot be written: {error}. What was stored before is kept; "
                "make room, and the same command goes on from there."
            ) from error
