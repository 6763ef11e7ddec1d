"""Completions that were paid for: one row each, written as it arrives, in SQLite.

The key of a row covers what changes the answer (model, messages, sampling, replicate) and nothing
else, so that code, endpoints, filters and sizes can change without paying twice. A claim keeps a
second process from paying for what a first one is waiting for; it holds as long as the beat of its
owner goes on, which everybody else watches by a clock of its own, so that clocks need not agree.
What was paid for and is no answer has a table of its own: it is asked for again, and stays on the bill.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from clinsynth.errors import BudgetExceeded, ConfigError
from clinsynth.llm import schema
from clinsynth.llm.servers.base import NoAnswer, ServerAnswer, Usage
from clinsynth.llm.servers.logprobs import in_file, read_stored
from clinsynth.types import Completion, Request

STALE = 20.0
"""Seconds without a beat of its owner after which a claim is void."""

_JSON = ("messages", "sampling", "evidence", "logprobs")
"""Columns of completions that hold JSON."""

_SUM = " + ".join(f"(SELECT coalesce(sum(cost_usd), 0) FROM {table})" for table in schema.COSTS)


class CompletionCache:
    """The cache of one `paths.artifacts`; raises ConfigError where its file cannot be opened, read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owner = uuid.uuid4().hex
        self._beats: dict[str, tuple[int, float]] = {}
        """The last beat seen of other owners, and when that was, on this process's clock."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None)
            with FileLock(path.with_name(f"{path.name}.lock")):  # a change of mode does not wait for others
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")  # safe against kill -9; fsync at checkpoints
                schema.prepare(self._database, path=path)
        except sqlite3.Error as error:
            raise ConfigError(f"the cache of completions {path} cannot be opened: {_told(error)}") from None

    def get(self, keys: Iterable[str]) -> dict[str, tuple[Completion, Usage, float | None]]:
        """Return completion, usage and cost of those that are there, by key."""
        columns = "key, id, served_model, completion, finish_reason, prompt_tokens, completion_tokens, cached_tokens"
        found = self._by_key(f"SELECT {columns}, cost_usd, logprobs FROM completions WHERE key IN", keys)
        return {
            row[0]: (
                Completion(row[1], row[2], row[3], row[4], logprobs=read_stored(json.loads(row[9] or "null"))),
                Usage(row[5], row[6], row[7]),
                row[8],
            )
            for row in found
        }

    def lacking(self, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return why there is no answer to those that were asked in vain, and what was said, by key: the last time."""
        found = self._by_key("SELECT key, reason, said FROM no_answers WHERE key IN", keys)
        return {key: (reason, said) for key, reason, said in found}

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
            schema.checksum(answer.text, answer.finish_reason),
            json.dumps(in_file(answer.logprobs), separators=(",", ":")) if answer.logprobs else None,
        )
        with self._writing():
            self._database.execute(f"INSERT OR IGNORE INTO completions VALUES ({','.join('?' * len(row))})", row)
            self._database.execute("DELETE FROM claims WHERE key = ?", (key,))

    def note_no_answer(
        self, key: str, request: Request, lack: NoAnswer, *, model: str, cost_usd: float | None = None
    ) -> None:
        """Note what came in the place of an answer, which may have cost as much; the claim stays."""
        usage = lack.usage
        row = (key, request.id, model, lack.reason, lack.said, usage.prompt, usage.completion, cost_usd, time.time())
        with self._writing():
            self._database.execute(f"INSERT INTO no_answers VALUES ({','.join('?' * len(row))})", row)

    def claim(self, key: str, *, usd: float = 0.0, most_usd: float | None = None) -> bool:
        """Say whether this process may ask: nobody else is waiting for this answer, and it is not there.

        Raises BudgetExceeded where the request, which costs about `usd`, would bring what all sessions of this cache
        have spent, or will by what is under way, over `most_usd`.
        """
        with self._writing():
            if self._database.execute("SELECT 1 FROM completions WHERE key = ?", (key,)).fetchone():
                return False
            held = self._database.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
            if held and held[0] != self.owner and not self._is_gone(held[0]):
                return False
            self._database.execute("DELETE FROM claims WHERE key = ?", (key,))
            self._check_budget(usd, most_usd)
            self._database.execute("INSERT INTO claims VALUES (?, ?, ?)", (key, self.owner, usd))
            self._beat()
            return True

    def send_heartbeat(self) -> None:
        """Say that this process is alive, more often than every `STALE` seconds; voids claims of those who are not."""
        with self._writing():
            self._beat()
            for (owner,) in self._database.execute("SELECT DISTINCT owner FROM claims").fetchall():
                if owner != self.owner and self._is_gone(owner):
                    self._forget_owner(owner)

    def others_are_asking(self) -> bool:
        """Say whether there are claims of others, alive or not."""
        with self._reading():
            return bool(self._database.execute("SELECT 1 FROM claims WHERE owner != ?", (self.owner,)).fetchone())

    def release(self, keys: Sequence[str] = ()) -> None:
        """Give up claims: those of `keys`, or all of this process."""
        with self._writing():
            if not keys:
                self._forget_owner(self.owner)
            for key in keys:
                self._database.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner))

    def spent(self) -> float:
        """Return what all sessions have paid, in US dollars, and what is under way will cost."""
        with self._reading():
            (usd,) = self._database.execute(f"SELECT {_SUM}").fetchone()
        return float(usd)

    def spent_on(self, dataset: str) -> float:
        """Return what all sessions have paid for a dataset, in US dollars; not what was forgotten since."""
        found = [f"SELECT cost_usd, id FROM {table}" for table in ("completions", "no_answers")]
        query = f"SELECT coalesce(sum(cost_usd), 0) FROM ({' UNION ALL '.join(found)}) WHERE substr(id, 1, ?) = ?"
        with self._reading():
            (usd,) = self._database.execute(query, (len(dataset) + 1, f"{dataset}/")).fetchone()
        return float(usd)

    def tokens(self) -> int:
        """Return the tokens of prompts and answers of all that was asked; not of what was forgotten since."""
        sums = "coalesce(sum(prompt_tokens), 0) + coalesce(sum(completion_tokens), 0)"
        with self._reading():
            found = [
                self._database.execute(f"SELECT {sums} FROM {table}").fetchone()[0]
                for table in ("completions", "no_answers")
            ]
        return int(sum(found))

    def batches(self, server: str) -> dict[str, list[str]]:
        """Return the batches that a server is working off, and the keys that each holds."""
        with self._reading():
            found = self._database.execute("SELECT id, keys FROM batches WHERE server = ? ORDER BY at", (server,))
            return {id: json.loads(keys) for id, keys in found}

    def note_batch(self, id: str, keys: Sequence[str], *, server: str, usd: float = 0.0) -> None:
        with self._writing():
            row = (id, server, json.dumps(list(keys)), time.time(), usd)
            self._database.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?)", row)

    def forget_batch(self, id: str) -> None:
        with self._writing():
            self._database.execute("DELETE FROM batches WHERE id = ?", (id,))

    def learnt(self, server: str, model: str, *, since: float) -> dict[str, Any]:
        """Return what was found out about a server since a time in seconds since 1970; empty for nothing."""
        query = "SELECT learnt FROM dialects WHERE server = ? AND model = ? AND at >= ?"
        with self._reading():
            row = self._database.execute(query, (server, model, since)).fetchone()
        found = json.loads(row[0]) if row else {}
        return found if isinstance(found, dict) else {}

    def note_learnt(self, server: str, model: str, learnt: dict[str, Any]) -> None:
        """Keep what was found out about a server in the place of what was known of it."""
        with self._writing():
            row = (server, model, json.dumps(learnt), time.time())
            self._database.execute("INSERT OR REPLACE INTO dialects VALUES (?, ?, ?, ?)", row)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all completions, oldest first; messages, sampling, evidence and logprobs as they were."""
        for row in self.table("completions"):
            try:
                told = {name: json.loads(row[name] or "null") for name in _JSON}
            except ValueError:
                raise self.damaged("a row holds what is no JSON") from None
            yield row | told

    def table(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of `completions` or `no_answers` as they are stored, oldest first."""
        with self._reading():
            cursor = self._database.execute(f"SELECT * FROM {name} ORDER BY answered_at, key")
            columns = [column[0] for column in cursor.description]
            for values in cursor:
                yield dict(zip(columns, values, strict=True))

    def forget(self, rows: Sequence[dict[str, Any]], *, table: str) -> None:
        """Remove rows that `table` has yielded; what they cost stays on the bill."""
        with self._writing():
            self._database.execute("PRAGMA secure_delete = ON")
            for row in rows:
                found = (row["key"], row["answered_at"])
                self._database.execute(f"DELETE FROM {table} WHERE key = ? AND answered_at = ?", found)
                bill = (row["model"], 1, row["cost_usd"], time.time())
                self._database.execute("INSERT INTO forgotten VALUES (?, ?, ?, ?)", bill)

    def close(self) -> None:
        self._database.close()

    def _by_key(self, query: str, keys: Iterable[str]) -> list[tuple[Any, ...]]:
        listed, found = list(keys), []
        with self._reading():
            for start in range(0, len(listed), 500):
                some = listed[start : start + 500]
                found += self._database.execute(
                    f"{query} ({','.join('?' * len(some))}) ORDER BY rowid", some
                ).fetchall()
        return found

    def _is_gone(self, owner: str) -> bool:
        """Say whether the beat of another owner has stood still for so long that its claims are void."""
        row = self._database.execute("SELECT beat FROM owners WHERE owner = ?", (owner,)).fetchone()
        beat, now = (row[0] if row else -1), time.monotonic()
        if self._beats.get(owner, (None, 0.0))[0] != beat:
            self._beats[owner] = (beat, now)
        return now - self._beats[owner][1] > STALE

    def _beat(self) -> None:
        self._database.execute(
            "INSERT INTO owners VALUES (?, 0) ON CONFLICT (owner) DO UPDATE SET beat = beat + 1", (self.owner,)
        )

    def _forget_owner(self, owner: str) -> None:
        self._database.execute("DELETE FROM claims WHERE owner = ?", (owner,))
        self._database.execute("DELETE FROM owners WHERE owner = ?", (owner,))

    def _check_budget(self, usd: float, most_usd: float | None) -> None:
        if most_usd is not None and (spent := self.spent()) + usd > most_usd:
            raise BudgetExceeded(
                f"llm.max_cost_usd={most_usd} would be exceeded: {spent:.4f} USD are spent on all that {self.path} "
                f"holds, or will be by what is under way, and the next request takes about {usd:.4f} (`clinsynth "
                "cache` tells on what). All answers are kept: the same command with a higher cap goes on from there."
            )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self.damaged(_told(error)) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write all or nothing; raises ConfigError where the disk is full or the file may not be written."""
        try:
            with schema.transaction(self._database):
                yield
        except sqlite3.OperationalError as error:
            raise ConfigError(
                f"the cache of completions {self.path} cannot be written: {_told(error)}. What was stored before is "
                "kept; make room, and the same command goes on from there."
            ) from None
        except sqlite3.Error as error:
            raise self.damaged(_told(error)) from None

    def damaged(self, how: str) -> ConfigError:
        """Return the error of a file that cannot be read as it should be."""
        return ConfigError(
            f"the cache of completions {self.path} is damaged: {how}. `clinsynth cache action=verify` says where. Put "
            f"back a copy of it; or save what can be read with `sqlite3 {self.path} .recover | sqlite3 new.db` and put "
            "new.db in its place; or move it out of the way, and its answers are asked for again."
        )


def _told(error: sqlite3.Error) -> str:
    """Return what SQLite says, without the text of an answer that it may quote."""
    return str(error).partition(" with text ")[0]
