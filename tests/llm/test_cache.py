from __future__ import annotations

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clinsynth import keys
from clinsynth.errors import ConfigError
from clinsynth.llm import cache as module
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers.base import ServerAnswer, Usage
from clinsynth.types import Request

SAMPLING = {"temperature": 1.0}


def request(unit: str = "gout", *, replicate: int = 0, text: str = "Write.") -> Request:
    return Request(f"d/sentences/{unit}#{replicate}", ({"role": "user", "content": text},))


def answer(text: str = "1. Gout.") -> ServerAnswer:
    return ServerAnswer(text, "stop", "m-0613", Usage(10, 20, 5), "req-1")


def key(found: Request | None = None, **other: Any) -> str:
    return keys.request(found or request(), **({"model": "m", "sampling": SAMPLING} | other))


@pytest.fixture
def cache(tmp_path: Path) -> CompletionCache:
    return CompletionCache(tmp_path / "store" / "completions.db")


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
    time.sleep(0.1)
    cache.send_heartbeat()
    assert not other.claim(key())
    time.sleep(0.1)
    assert other.claim(key())
    assert not cache.claim(key())


def test_the_claim_of_a_process_that_is_gone_is_void_at_once(cache: CompletionCache) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    cache.claim("mine")
    cache.owner = f"{socket.gethostname()}/{done.stdout.strip()}/1"
    cache.claim("of the dead")
    cache.owner = f"elsewhere/{done.stdout.strip()}/1"
    cache.claim("on another machine")
    other = CompletionCache(cache.path)
    assert [other.claim(name) for name in ("mine", "of the dead", "on another machine")] == [False, True, False]


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
