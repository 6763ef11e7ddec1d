from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clinsynth import keys
from clinsynth.errors import BudgetExceeded, ConfigError
from clinsynth.llm import claims as module
from clinsynth.llm import schema
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.checks import faults
from clinsynth.llm.databases import Address
from clinsynth.llm.servers.base import NoAnswer, ServerAnswer, Usage
from clinsynth.types import Request
from postgres import Postgres

SAMPLING = {"temperature": 1.0}


def request(unit: str = "gout", *, replicate: int = 0, text: str = "Write.") -> Request:
    return Request(f"d/sentences/{unit}#{replicate}", ({"role": "user", "content": text},))


def answer(text: str = "1. Gout.") -> ServerAnswer:
    return ServerAnswer(text, "stop", "m-0613", Usage(10, 20, 5), "req-1")


def key(found: Request | None = None, **other: Any) -> str:
    return keys.request(found or request(), **({"model": "m", "sampling": SAMPLING} | other))


@pytest.fixture
def cache_file(tmp_path: Path) -> CompletionCache:
    return CompletionCache(tmp_path / "store" / "completions.db")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def cache(request: pytest.FixtureRequest, cache_file: CompletionCache) -> Iterator[CompletionCache]:
    """A cache in a file, and one on a server."""
    if request.param == "sqlite":
        yield cache_file
        return
    with closing(CompletionCache(Address(request.getfixturevalue("postgres").new()))) as served:
        yield served


def put(cache: CompletionCache, found: Request, said: ServerAnswer | None = None) -> None:
    now = time.time()
    cache.put(key(found), found, said or answer(), model="m", sampling=SAMPLING, asked_at=now, cost_usd=0.25)


def test_what_is_put_is_there_for_others(cache: CompletionCache) -> None:
    put(cache, request())
    ((completion, usage, usd),) = CompletionCache(cache.path).get([key(), "none"]).values()
    assert (completion.id, completion.model, completion.text) == ("d/sentences/gout#0", "m-0613", "1. Gout.")
    assert (usage, usd) == (Usage(10, 20, 5), 0.25)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (key(request("other name")), True),  # the id names it, the messages are it
        (key(request(replicate=1)), False),
        (key(request(text="Write!")), False),
        (key(model="n"), False),
        (key(sampling={"temperature": 0.5}), False),
        (key(sampling={}), False),
    ],
)
def test_a_key_covers_what_changes_the_answer(other: str, same: bool) -> None:
    assert (other == key()) is same


def test_thousands_of_keys_can_be_looked_up(cache: CompletionCache) -> None:
    requests = [request(f"u{number}", text=f"{number}") for number in range(1200)]
    for found in requests:
        put(cache, found)
    assert len(cache.get(map(key, requests))) == 1200


def test_the_first_answer_stays(cache: CompletionCache) -> None:
    put(cache, request())
    put(cache, request(), answer("another"))
    assert cache.get([key()])[key()][0].text == "1. Gout."


def test_many_open_a_new_cache_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda _: CompletionCache(tmp_path / "new.db").path, range(48)))
    assert len(opened) == 48


@pytest.mark.postgres
def test_many_open_a_new_cache_of_a_server_at_once(postgres: Postgres) -> None:
    address = Address(postgres.new())

    def opens(_: int) -> Any:
        with closing(CompletionCache(address)) as opened:
            return opened.claim(f"{_}")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(opens, range(16)))


def test_one_process_asks(cache: CompletionCache) -> None:
    other = CompletionCache(cache.path)
    assert cache.claim(key())
    assert cache.claim(key())  # again, after a refusal
    assert not other.claim(key())
    cache.release()
    assert other.claim(key())
    put(other, request())
    assert not cache.claim(key())
    assert not other.claim(key())


def test_the_claim_of_a_dead_process_goes_stale(cache: CompletionCache, monkeypatch: pytest.MonkeyPatch) -> None:
    other = CompletionCache(cache.path)
    assert cache.claim(key())
    monkeypatch.setattr(module, "STALE", 0.05)
    assert not other.claim(key())  # from now on the other one watches
    time.sleep(0.1)
    cache.send_heartbeat()
    assert not other.claim(key())
    time.sleep(0.1)
    assert other.claim(key())
    assert not cache.claim(key())


def test_the_claims_of_a_dead_process_are_voided_by_the_beat_of_others(
    cache: CompletionCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CompletionCache(cache.path)
    assert cache.claim(key(), usd=0.5)
    monkeypatch.setattr(module, "STALE", 0.05)
    other.send_heartbeat()
    time.sleep(0.1)
    other.send_heartbeat()
    assert not other.others_are_asking()
    assert other.spent() == 0


@pytest.mark.parametrize("ahead", [60.0, -60.0, 1e7])
def test_clocks_need_not_agree(cache: CompletionCache, monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    assert cache.claim(key())
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    other = CompletionCache(cache.path)
    assert not other.claim(key())
    other.send_heartbeat()
    assert not other.claim(key())


def test_processes_of_one_number_and_machine_are_told_apart(
    cache: CompletionCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1_000_000_000)  # as it is in another container, and nobody's here
    contained = CompletionCache(cache.path)
    assert contained.claim(key())
    monkeypatch.undo()
    assert not CompletionCache(cache.path).claim(key())
    assert contained.owner != cache.owner


def test_only_own_claims_are_released(cache: CompletionCache) -> None:
    other = CompletionCache(cache.path)
    cache.claim("a")
    cache.claim("b")
    other.release()
    assert not other.claim("a")
    cache.release(["a"])
    assert other.claim("a")
    assert not other.claim("b")


def test_rows_tell_all_of_an_answer(cache: CompletionCache) -> None:
    put(cache, request())
    (row,) = cache.rows()
    told = {name: row[name] for name in ("id", "model", "served_model", "finish_reason", "request_id", "cost_usd")}
    assert told == {
        "id": "d/sentences/gout#0",
        "model": "m",
        "served_model": "m-0613",
        "finish_reason": "stop",
        "request_id": "req-1",
        "cost_usd": 0.25,
    }


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "completions.db").write_text("no database, but long enough to be looked at" * 10, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be opened"):
        CompletionCache(tmp_path / "completions.db")


def test_the_cap_holds_for_all_sessions_and_what_is_under_way(cache: CompletionCache) -> None:
    put(cache, request())  # 0.25
    other = CompletionCache(cache.path)
    assert other.claim("theirs", usd=0.25)
    cache.note_no_answer("none", request("none"), NoAnswer("empty", ""), model="m", cost_usd=0.125)
    cache.note_batch("b", ["k"], server="s", usd=0.125)
    assert cache.spent() == 0.75
    with pytest.raises(BudgetExceeded, match=r"llm.max_cost_usd=0.8 would be exceeded: 0.7500 USD are spent"):
        cache.claim("mine", usd=0.1, most_usd=0.8)
    assert cache.claim("mine", usd=0.1, most_usd=0.9)
    assert cache.claim("mine", usd=0.1, most_usd=0.9)  # again: what it has claimed counts once
    other.release()
    assert cache.claim("another", usd=0.25, most_usd=0.9)


def test_what_is_forgotten_stays_on_the_bill(cache: CompletionCache) -> None:
    put(cache, request())
    cache.note_no_answer("none", request("none"), NoAnswer("empty", "secret"), model="m", cost_usd=0.5)
    for table in ("completions", "no_answers"):
        cache.forget(list(cache.table(table)), table=table)
        assert list(cache.table(table)) == []
    assert cache.spent() == 0.75
    assert cache.claim(key())


FIRST_EDITION = """
CREATE TABLE completions (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, model TEXT NOT NULL, served_model TEXT NOT NULL, messages TEXT NOT NULL,
    sampling TEXT NOT NULL, evidence TEXT NOT NULL, completion TEXT NOT NULL, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER, cost_usd REAL, request_id TEXT,
    asked_at REAL NOT NULL, answered_at REAL NOT NULL
);
CREATE TABLE batches (id TEXT PRIMARY KEY, server TEXT NOT NULL, keys TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, heartbeat REAL NOT NULL);
"""
PARTS = "[{'type': 'text', 'text': '1. Gout hurts.'}]"


@pytest.fixture
def first_edition(tmp_path: Path) -> Path:
    """A cache as the first edition left it, with all that it took for answers."""
    said = {
        "good": ("1. Gout hurts.", "stop"),
        "cut": ("1. Gout hurts.\n2. Gout is", "MAX_TOKENS"),
        "parts": (PARTS, "stop"),
        "null": ("", "stop"),
        "thoughts": ("", "length"),
        "filtered": ("1. Gout", "content_filter"),
        "refused": ("I'm sorry, but I can't assist with that.", "stop"),
        "broken": ("1. Gout hurts at ni", "error"),
    }
    path = tmp_path / "completions.db"
    with sqlite3.connect(path) as database:
        database.executescript(FIRST_EDITION)
        for unit, (text, ended) in said.items():
            found = request(unit, text=unit)
            messages = json.dumps(list(found.messages))
            row = (key(found), found.id, "m", "m", messages, json.dumps(SAMPLING), "{}", text, ended)
            marks = ",".join("?" * 16)
            database.execute(f"INSERT INTO completions VALUES ({marks})", (*row, 1, 2, 0, 0.25, None, 1.0, 2.0))
        database.execute("INSERT INTO batches VALUES ('b', 's', '[\"k\"]', 1.0)")
    database.close()
    return path


def test_a_cache_of_the_first_edition_keeps_its_answers_and_no_others(first_edition: Path) -> None:
    cache = CompletionCache(first_edition)
    found = {row["id"].split("/")[2]: (row["completion"], row["finish_reason"]) for row in cache.rows()}
    assert found == {
        "good#0": ("1. Gout hurts.", "stop"),
        "cut#0": ("1. Gout hurts.\n2. Gout is", "length"),
        "parts#0": ("1. Gout hurts.", "stop"),
    }
    assert {row["id"].split("/")[2]: row["reason"] for row in cache.table("no_answers")} == {
        "null#0": "empty",
        "thoughts#0": "thoughts cut off",
        "filtered#0": "content filter",
        "refused#0": "refusal",
        "broken#0": "error",
    }
    assert cache.spent() == 2.0
    assert cache.batches("s") == {"b": ["k"]}
    assert faults(first_edition) == []
    refused = request("refused", text="refused")
    assert cache.claim(key(refused))
    assert cache.lacking([key(refused)])[key(refused)][0] == "refusal"
    assert [len(list(CompletionCache(first_edition).table(name))) for name in ("completions", "no_answers")] == [3, 5]


@pytest.mark.parametrize("make", [lambda path: path, CompletionCache], ids=["first edition", "today"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE completions ADD COLUMN extra TEXT", "completions has a column extra"),
        (
            "DROP INDEX IF EXISTS completions_by_cost; ALTER TABLE completions DROP COLUMN cost_usd",
            "completions lacks the column cost_usd",
        ),
        ("ALTER TABLE batches RENAME COLUMN keys TO key", "batches lacks the column keys; batches has a column key"),
    ],
)
def test_another_schema_is_said_before_anything_is_asked(
    first_edition: Path, make: Callable[[Path], object], change: str, said: str
) -> None:
    make(first_edition)
    with sqlite3.connect(first_edition) as database:
        database.executescript(change)
    database.close()
    before = first_edition.read_bytes()
    with pytest.raises(ConfigError, match=said):
        CompletionCache(first_edition)
    assert len(first_edition.read_bytes()) == len(before)


def test_a_cache_of_a_later_release_is_left_alone(cache_file: CompletionCache) -> None:
    cache_file._database.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(ConfigError, match="is of a later release of clinsynth"):
        CompletionCache(cache_file.path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE completions SET completion = '1. Lupus.'", "its answer is not the one that was stored"),
        ("UPDATE completions SET finish_reason = 'length'", "its answer is not the one that was stored"),
        ("UPDATE completions SET model = 'x'", "its key is not that of its content"),
        ("UPDATE completions SET messages = '['", "it cannot be read"),
        ("UPDATE completions SET completion = CAST(x'31ff' AS TEXT)", "it cannot be read"),
    ],
)
def test_a_row_that_was_changed_is_found_out(cache_file: CompletionCache, change: str, fault: str) -> None:
    put(cache_file, request())
    assert faults(cache_file.path) == []
    cache_file._database.execute(change)
    assert faults(cache_file.path) == [f"row 1: {fault}"]


def test_damage_is_said_without_the_text_of_an_answer(cache_file: CompletionCache) -> None:
    put(cache_file, request(), answer("1. A secret sentence about gout, " + "and more of it " * 20))
    cache_file._database.execute("UPDATE completions SET completion = CAST(completion || x'ff' AS TEXT)")
    with pytest.raises(ConfigError, match="is damaged") as raised:
        cache_file.get([key()])
    assert "secret" not in str(raised.value)
    with pytest.raises(ConfigError, match="is damaged"):
        list(cache_file.rows())


def test_a_page_that_was_overwritten_is_said(cache_file: CompletionCache) -> None:
    for number in range(200):
        put(cache_file, request(f"u{number}", text=f"{number}"), answer("1. Gout hurts. " * 30))
    cache_file.close()
    content = bytearray(cache_file.path.read_bytes())
    for place in range(4096 * 3, len(content), 4096):
        content[place : place + 40] = b"\xff" * 40
    cache_file.path.write_bytes(content)
    assert faults(cache_file.path)
    with pytest.raises(ConfigError, match=r"is damaged|cannot be opened"):
        list(CompletionCache(cache_file.path).rows())
