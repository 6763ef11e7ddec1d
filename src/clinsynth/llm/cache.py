"""Completions that were paid for: one row each, written as it arrives, in a database.

The key of a row covers what changes the answer (model, messages, sampling, replicate) and nothing
else, so that code, endpoints, filters and sizes can change without paying twice. A claim keeps a
second process from paying for what a first one is waiting for; it holds as long as the beat of its
owner goes on, which everybody else watches by a clock of its own, so that clocks need not agree.
What was paid for and is no answer has a table of its own: it is asked for again, and stays on the bill.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clinsynth.errors import BudgetExceeded
from clinsynth.llm import schema
from clinsynth.llm.claims import Claims
from clinsynth.llm.databases import Place, open_database
from clinsynth.llm.databases.patience import patient
from clinsynth.llm.servers.base import NoAnswer, ServerAnswer, Usage
from clinsynth.llm.servers.logprobs import in_file, read_stored
from clinsynth.types import Completion, Request

_JSON = ("messages", "sampling", "evidence", "logprobs")
"""Columns of completions that hold JSON."""

_SUM = " + ".join(f"(SELECT coalesce(sum(cost_usd), 0) FROM {table})" for table in schema.COSTS)

TABLES = {
    "completions": "answered_at, key",
    "no_answers": "answered_at, key",
    "forgotten": "at",
    "batches": "at, id",
    "dialects": "at, server, model",
}
"""What is kept beyond a session, and the order in which it came."""

_TOKENS = "prompt_tokens, completion_tokens, cached_tokens"
_ANSWER = f"key, id, served_model, completion, finish_reason, {_TOKENS}, cost_usd, logprobs"
_NEWER = "learnt = excluded.learnt, at = excluded.at"


class CompletionCache:
    """The answers at one place; raises ConfigError where they cannot be opened, read or written."""

    def __init__(self, path: Place) -> None:
        self.path = path
        self._database = open_database(path)
        self._claims = Claims(self._database)
        self.owner, self.close = self._claims.owner, self._database.close

    @patient
    def get(self, keys: Iterable[str]) -> dict[str, tuple[Completion, Usage, float | None]]:
        """Return completion, usage and cost of those that are there, by key."""
        found = self._by_key(f"SELECT {_ANSWER} FROM completions WHERE key IN", keys, order="ORDER BY answered_at")
        return {
            row[0]: (
                Completion(row[1], row[2], row[3], row[4], logprobs=read_stored(json.loads(row[9] or "null"))),
                Usage(row[5], row[6], row[7]),
                row[8],
            )
            for row in found
        }

    @patient
    def settled(self, keys: Sequence[str]) -> tuple[set[str], set[str]]:
        """Return which of these are answered, and which somebody waits for."""
        answered = self._by_key("SELECT key FROM completions WHERE key IN", keys)
        claimed = self._by_key("SELECT key FROM claims WHERE key IN", keys)
        return {row[0] for row in answered}, {row[0] for row in claimed}

    @patient
    def lacking(self, keys: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return why there is no answer to those that were asked in vain, and what was said, by key: the last time."""
        found = self._by_key(
            "SELECT key, reason, said FROM no_answers WHERE key IN", keys, order="ORDER BY answered_at"
        )
        return {key: (reason, said) for key, reason, said in found}

    @patient
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
        usage, text = answer.usage, self._database.held(answer.text)
        row = (
            key,
            request.id,
            model,
            answer.served_model,
            json.dumps(list(request.messages), ensure_ascii=False),
            json.dumps(sampling, sort_keys=True),
            json.dumps(request.evidence, ensure_ascii=False),
            text,
            answer.finish_reason,
            usage.prompt,
            usage.completion,
            usage.cached,
            cost_usd,
            answer.request_id,
            asked_at,
            time.time(),
            schema.checksum(text, answer.finish_reason),
            json.dumps(in_file(answer.logprobs), separators=(",", ":")) if answer.logprobs else None,
        )
        with self._database.writing():
            self._insert("completions", row, more="ON CONFLICT DO NOTHING")
            self._claims.drop(key)

    @patient
    def note_no_answer(
        self, key: str, request: Request, lack: NoAnswer, *, model: str, cost_usd: float | None = None
    ) -> None:
        """Note what came in the place of an answer, which may have cost as much; the claim stays."""
        usage = lack.usage
        said = self._database.held(lack.said)
        row = (key, request.id, model, lack.reason, said, usage.prompt, usage.completion, cost_usd, time.time())
        with self._database.writing():
            self._insert("no_answers", row)

    @patient
    def claim(self, key: str, *, usd: float = 0.0, most_usd: float | None = None) -> bool:
        """Say whether this process may ask: nobody else is waiting for this answer, and it is not there.

        Raises BudgetExceeded where the request, which costs about `usd`, would bring what all sessions of this cache
        have spent, or will by what is under way, over `most_usd`.
        """
        with self._database.writing(alone=most_usd is not None):
            if not self._claims.take(key, usd):
                return False
            if self._database.execute("SELECT 1 FROM completions WHERE key = ?", (key,)).fetchone():
                self._claims.drop(key)  # it came before the claim
                return False
            self._check_budget(usd, most_usd)
            self._claims.beat(unless_beaten=True)
            return True

    @patient
    def send_heartbeat(self) -> None:
        """Say that this process is alive, more often than every `STALE` seconds; voids claims of those who are not."""
        with self._database.writing(alone=True):
            self._claims.beat()
            self._claims.void()

    @patient
    def others_are_asking(self) -> bool:
        """Say whether there are claims of others, alive or not."""
        with self._database.reading():
            return self._claims.has_others()

    @patient
    def release(self, keys: Sequence[str] = ()) -> None:
        """Give up claims: those of `keys`, or all of this process."""
        with self._database.writing():
            if not keys:
                self._claims.release_all()
            for key in keys:
                self._claims.release(key)

    @patient
    def spent(self) -> float:
        """Return what all sessions have paid, in US dollars, and what is under way will cost."""
        with self._database.reading():
            return self._spent()

    @patient
    def spent_on(self, dataset: str) -> float:
        """Return what all sessions have paid for a dataset, in US dollars; not what was forgotten since."""
        asked = "SELECT coalesce(sum(cost_usd), 0) FROM {} WHERE substr(id, 1, ?) = ?"
        return sum(self._of_asked(asked, (len(dataset) + 1, f"{dataset}/")))

    @patient
    def tokens(self) -> int:
        """Return the tokens of prompts and answers of all that was asked; not of what was forgotten since."""
        sums = "coalesce(sum(prompt_tokens), 0) + coalesce(sum(completion_tokens), 0)"
        return int(sum(self._of_asked(f"SELECT {sums} FROM {{}}")))

    @patient
    def batches(self, server: str) -> dict[str, list[str]]:
        """Return the batches that a server is working off, and the keys that each holds."""
        with self._database.reading():
            found = self._database.execute("SELECT id, keys FROM batches WHERE server = ? ORDER BY at", (server,))
            return {id: json.loads(keys) for id, keys in found}

    @patient
    def note_batch(self, id: str, keys: Sequence[str], *, server: str, usd: float = 0.0) -> None:
        with self._database.writing():
            row = (id, server, json.dumps(list(keys)), time.time(), usd)
            self._database.execute("DELETE FROM batches WHERE id = ?", (id,))
            self._insert("batches", row)

    @patient
    def forget_batch(self, id: str) -> None:
        with self._database.writing():
            self._database.execute("DELETE FROM batches WHERE id = ?", (id,))

    @patient
    def learnt(self, server: str, model: str, *, since: float) -> dict[str, Any]:
        """Return what was found out about a server since a time in seconds since 1970; empty for nothing."""
        query = "SELECT learnt FROM dialects WHERE server = ? AND model = ? AND at >= ?"
        with self._database.reading():
            row = self._database.execute(query, (server, model, since)).fetchone()
        found = json.loads(row[0]) if row else {}
        return found if isinstance(found, dict) else {}

    @patient
    def note_learnt(self, server: str, model: str, learnt: dict[str, Any]) -> None:
        """Keep what was found out about a server in the place of what was known of it."""
        with self._database.writing():
            row = (server, model, json.dumps(learnt), time.time())
            self._insert("dialects", row, more=f"ON CONFLICT (server, model) DO UPDATE SET {_NEWER}")

    @patient
    def count(self) -> int:
        """Return how many answers there are."""
        with self._database.reading():
            return int(self._database.execute("SELECT count(*) FROM completions").fetchone()[0])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all completions, oldest first; messages, sampling, evidence and logprobs as they were."""
        for row in self.table("completions"):
            try:
                told = {name: json.loads(row[name] or "null") for name in _JSON}
            except ValueError:
                raise self._database.damaged("a row holds what is no JSON") from None
            yield row | told

    def table(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table of `TABLES` as they are stored, oldest first."""
        yield from self._database.stream(f"SELECT * FROM {name} ORDER BY {TABLES[name]}")

    @patient
    def add(self, rows: Sequence[dict[str, Any]], *, table: str) -> None:
        """Put rows of another cache in, where they are not in the way of what is there."""
        with self._database.writing():
            for row in rows:
                self._insert(table, list(self.held(row).values()), more="ON CONFLICT DO NOTHING")

    def held(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row of another cache as this one can keep it."""
        held = {name: self._database.held(value) if isinstance(value, str) else value for name, value in row.items()}
        if held.get("completion") != row.get("completion"):
            held["checksum"] = schema.checksum(held["completion"], held["finish_reason"])
        return held

    @patient
    def forget(self, rows: Sequence[dict[str, Any]], *, table: str) -> None:
        """Remove rows that `table` has yielded; what they cost stays on the bill."""
        with self._database.writing():
            self._database.erasing()
            for row in rows:
                found = (row["key"], row["answered_at"])
                self._database.execute(f"DELETE FROM {table} WHERE key = ? AND answered_at = ?", found)
                bill = (row["model"], 1, row["cost_usd"], time.time())
                self._insert("forgotten", bill)

    def begin_anew(self) -> None:
        self._claims.begin_anew()

    def _insert(self, table: str, row: Sequence[Any], *, more: str = "") -> None:
        self._database.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))}) {more}", row)

    def _by_key(self, query: str, keys: Iterable[str], *, order: str = "") -> list[tuple[Any, ...]]:
        listed, found = list(keys), []
        with self._database.reading():
            for start in range(0, len(listed), 500):
                some = listed[start : start + 500]
                marks = ",".join("?" * len(some))
                found += self._database.execute(f"{query} ({marks}) {order}", some).fetchall()
        return found

    def _spent(self) -> float:
        return float(self._database.execute(f"SELECT {_SUM}").fetchone()[0])

    def _of_asked(self, query: str, values: Sequence[Any] = ()) -> list[float]:
        """Return a sum over the answers, and over what is none."""
        with self._database.reading():
            found = (self._database.execute(query.format(name), values) for name in ("completions", "no_answers"))
            return [float(cursor.fetchone()[0]) for cursor in found]

    def _check_budget(self, usd: float, most_usd: float | None) -> None:
        """Raise where this claim, which is counted already, is too much."""
        if most_usd is not None and (whole := self._spent()) > most_usd:
            spent = whole - usd
            raise BudgetExceeded(
                f"llm.max_cost_usd={most_usd} would be exceeded: {spent:.4f} USD are spent on all that {self.path} "
                f"holds, or will be by what is under way, and the next request takes about {usd:.4f} (`clinsynth "
                "cache` tells on what). All answers are kept: the same command with a higher cap goes on from there."
            )
