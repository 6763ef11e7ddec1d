from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from clinsynth.asking import clients
from clinsynth.config import LLMConfig, PriceConfig
from clinsynth.errors import BudgetExceeded, ClinsynthError, ConfigError, Unreachable
from clinsynth.llm import client as module
from clinsynth.llm import faults, persistence
from clinsynth.llm.budget import Price, Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.progress import Progress, Watch, nobody_watches
from clinsynth.llm.servers.base import NoAnswer
from clinsynth.llm.view import View
from clinsynth.llm.window import RequestWindow
from clinsynth.types import Completion, Request
from support import MockServer

SPAWN = multiprocessing.get_context("spawn")


def request(unit: str, *, replicate: int = 0, prompt: str = "sentences") -> Request:
    text = f'Please provide 3 sentences containing the words "{unit}". Thank you.'
    return Request(f"d/{prompt}/{unit}#{replicate}", ({"role": "user", "content": text},), gold_characters=len(unit))


REQUESTS = [request(f"unit{number}") for number in range(20)]


def llm(server: MockServer, **other: Any) -> LLMConfig:
    settings: dict[str, Any] = {"concurrency": 8, "timeout_s": 5.0, "patience_s": 20.0}
    return LLMConfig(name="local", model="m", base_url=server.url, **(settings | other))


def ask(
    config: LLMConfig,
    path: Path,
    requests: Sequence[Request] = REQUESTS,
    *,
    watch: Watch = nobody_watches,
    **other: Any,
) -> Spend:
    cache = CompletionCache(path)
    try:
        return clients.client(config, cache=cache, watch=watch).answer(requests, **other)
    finally:
        cache.close()


def stored(path: Path) -> list[str]:
    cache = CompletionCache(path)
    try:
        return [row["id"] for row in cache.rows()]
    finally:
        cache.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "completions.db"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.faults, "FIRST_DELAY", 0.02)


def test_what_was_answered_is_not_asked_again(server: MockServer, path: Path) -> None:
    spend = ask(llm(server), path)
    assert (spend.requests, spend.hits, spend.retries) == (20, 0, 0)
    assert sorted(stored(path)) == sorted(request.id for request in REQUESTS)
    again = ask(llm(server), path, [*REQUESTS, request("new")])
    assert (again.requests, again.hits) == (1, 20)
    assert server.asked()["requests"] == 21


def test_usage_and_characters_are_counted(server: MockServer, path: Path) -> None:
    spend = ask(llm(server, price=PriceConfig(input=1.0, output=10.0)), path)
    characters = sum(len(found.messages[0]["content"]) for found in REQUESTS)
    assert spend.sent_characters == characters
    assert spend.gold_characters == sum(len(found.id.split("/")[2]) - 2 for found in REQUESTS)
    assert spend.tokens_in == sum(len(found.messages[0]["content"]) // 5 for found in REQUESTS)
    assert spend.usd == pytest.approx((spend.tokens_in * 1.0 + spend.tokens_out * 10.0) / 1e6)
    later = ask(llm(server, price=PriceConfig(input=1.0, output=10.0)), path)
    assert (later.usd, later.usd_before) == (pytest.approx(spend.usd), pytest.approx(spend.usd))


def test_no_more_than_the_window_are_under_way(server: MockServer, path: Path) -> None:
    server.behave(latency=0.05)
    ask(llm(server, concurrency=4), path)
    assert server.asked()["most_at_once"] == 4


@pytest.mark.parametrize("fault", ["500", "503", "429", "408", "drop", "garbled", "not utf-8", "no choices"])
def test_a_passing_fault_is_outlasted(server: MockServer, path: Path, fault: str) -> None:
    server.behave(faults=["", fault, "", fault, fault])
    spend = ask(llm(server), path)
    assert spend.retries == 3
    assert len(stored(path)) == 20


def test_an_answer_that_does_not_come_is_asked_for_again(server: MockServer, path: Path) -> None:
    server.behave(faults=["", "hang"])
    spend = ask(llm(server, timeout_s=0.5), path)
    assert (spend.requests, spend.retries) == (20, 1)


def test_an_answer_that_drips_is_waited_for(server: MockServer, path: Path) -> None:
    server.behave(always="slow")
    assert ask(llm(server), path).requests == 20


def test_the_server_says_when_to_come_back(server: MockServer, path: Path) -> None:
    server.behave(faults=["429"], retry_after="1")
    began = time.monotonic()
    ask(llm(server), path)
    assert 1.0 <= time.monotonic() - began < 10.0


def test_an_answer_that_is_cut_is_kept_as_it_is(server: MockServer, path: Path) -> None:
    server.behave(faults=["length"])
    ask(llm(server, concurrency=1), path)
    first = next(row for row in CompletionCache(path).rows() if row["id"] == REQUESTS[0].id)
    assert first["finish_reason"] == "length"
    assert server.asked()["requests"] == 20


@pytest.mark.parametrize("fault", ["empty", "refusal"])
def test_what_is_no_answer_is_asked_again_and_counted(server: MockServer, path: Path, fault: str) -> None:
    server.behave(faults=["", fault])
    spend = ask(llm(server, concurrency=1), path)
    assert (spend.requests, spend.fresh, spend.retries) == (21, 20, 1)
    assert dict(spend.no_answers) == {fault: 1}
    assert len(stored(path)) == 20
    assert ask(llm(server), path).hits == 20


def completion(content: Any, *, finish_reason: Any = "stop", **message: Any) -> str:
    choice = {"message": {"role": "assistant", "content": content} | message, "finish_reason": finish_reason}
    return json.dumps({"model": "m", "choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 20}})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (completion(None), "empty"),
        (completion(" \n"), "empty"),
        (completion("1. Unit5 hur", finish_reason="content_filter"), "content filter"),
        (completion("1. Unit5 hur", finish_reason="error"), "error"),
        (completion(None, finish_reason="tool_calls", tool_calls=[{"id": "a"}]), "tool call"),
        (completion(None, finish_reason="length", reasoning_content="Let me think ..."), "thoughts cut off"),
        (completion("<think>They want", finish_reason="MAX_TOKENS"), "thoughts cut off"),
        (completion(None, refusal="I cannot help with that."), "refusal"),
        (completion("I'm sorry, but I can't assist with that."), "refusal"),
    ],
)
def test_no_answer_is_stored_as_one(server: MockServer, path: Path, body: str, reason: str) -> None:
    server.behave(about={"unit5": (200, body)})
    price = PriceConfig(input=1.0, output=1.0)
    spend = ask(llm(server, price=price), path)
    assert [(id, lack.reason) for id, lack in spend.given_up.items()] == [(REQUESTS[5].id, reason)]
    assert dict(spend.no_answers) == {reason: 3}
    assert sorted(stored(path)) == sorted(asked.id for asked in REQUESTS if asked is not REQUESTS[5])
    cache = CompletionCache(path)
    assert cache.spent() == pytest.approx(spend.usd)
    assert [row["cost_usd"] for row in cache.table("no_answers")] == [30e-6] * 3
    server.behave(about={})
    again = ask(llm(server), path)
    assert (again.hits, again.requests, again.given_up) == (19, 1, {})


def test_where_nothing_is_an_answer_the_rest_is_not_asked(server: MockServer, path: Path) -> None:
    server.behave(always="empty")
    with pytest.raises(ConfigError, match=r"has answered none of \d+ times it was asked: \d+ empty"):
        ask(llm(server, concurrency=2), path, [request(f"u{number}") for number in range(100)])
    assert server.asked()["requests"] <= persistence.FRUITLESS + 2
    assert stored(path) == []


FILTERED = json.dumps({"error": {"message": "The prompt triggers our policy.", "code": "content_filter"}})


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, FILTERED, "content filter"),
        (403, json.dumps({"error": {"message": "Your input was flagged", "code": 403}}), "content filter"),
        (200, FILTERED, "content filter"),
        (400, json.dumps({"error": {"message": "This prompt is too long."}}), "context too long"),
        (413, "too large", "declined"),
    ],
)
def test_a_refused_request_lets_the_others_go_on(
    server: MockServer, path: Path, status: int, body: str, reason: str
) -> None:
    server.behave(about={"unit0": (status, body)})
    spend = ask(llm(server, concurrency=1), path)
    assert {id: lack.reason for id, lack in spend.given_up.items()} == {REQUESTS[0].id: reason}
    assert len(stored(path)) == 19
    assert server.asked()["requests"] == 20


@pytest.mark.parametrize("body", ['{"choices": [{"message": "text"}]}', "[" * 100_000, "<html>Oops</html>"])
def test_an_answer_that_cannot_be_read_lets_the_others_go_on(
    server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(faults, "FIRST_DELAY", 0.01)
    server.behave(about={"unit3": (200, body)})
    spend = ask(llm(server), path)
    assert {id: lack.reason for id, lack in spend.given_up.items()} == {REQUESTS[3].id: "garbled"}
    assert len(stored(path)) == 19


@pytest.mark.parametrize("number", [3, 19])
def test_a_request_that_breaks_the_server_lets_the_others_go_on(server: MockServer, path: Path, number: int) -> None:
    server.behave(about={f"unit{number}": (500, "it crashed")})
    for _ in range(2):  # when all others are there already, too
        spend = ask(llm(server, patience_s=0.5, concurrency=1), path)
        assert spend.given_up[REQUESTS[number].id] == NoAnswer("failed", "it crashed")
        assert len(stored(path)) == 19


def test_another_request_may_be_asked_in_the_place_of_one(server: MockServer, path: Path) -> None:
    server.behave(about={"unit0": (400, FILTERED)})
    ask(llm(server), path, REQUESTS[:3], instead=lambda asked: [request("spare")] if "unit0" in asked.id else [])
    assert sorted(stored(path)) == [f"d/sentences/{unit}#0" for unit in ("spare", "unit1", "unit2")]


def test_what_the_server_says_is_shown_as_it_comes(
    server: MockServer, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.behave(always="500")
    with pytest.raises(ConfigError, match=r"status 500: told to say 500.* It went on for llm.patience_s=3"):
        ask(llm(server, patience_s=3.0, concurrency=2), path, REQUESTS[:2], watch=View("d"))
    assert capsys.readouterr().out.count("d: the server says: 500: told to say 500") == 1
    shown = View("d")._shown(Progress(Spend(Price(), None), RequestWindow(1), troubles=Counter({"500: broken": 54})))
    assert shown["the server says"] == "500: broken (54 times)"


def test_a_terminal_shows_what_the_server_says_as_it_stands() -> None:
    screen = io.StringIO()
    view = View("my [b]set[/b]")
    view._live = Live(console=Console(file=screen, force_terminal=True, width=120), auto_refresh=False)
    with view:
        view(Progress(Spend(Price(), None), RequestWindow(1), troubles=Counter({"500: [/red] \x1b[2J": 1})))
    assert "my [b]set[/b]" in screen.getvalue()
    assert r"500: [/red] \x1b[2J (1 times)" in screen.getvalue()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("401", "The key in the variable MY_KEY is not accepted"),
        ("403", "may not do this"),
        ("404", "Is llm.model=m a model of this server"),
    ],
)
def test_a_lasting_refusal_is_said_at_once(
    server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    server.behave(faults=["", "", status], latency=0.05)
    with pytest.raises(ConfigError) as raised:
        ask(llm(server, api_key_env="MY_KEY", concurrency=4), path)
    assert said in str(raised.value)
    assert "sk-very-secret" not in str(raised.value)
    asked = server.asked()
    assert asked["requests"] <= 3 + 4
    assert len(stored(path)) == asked["answered"]  # what was under way is kept


def test_a_refusal_does_not_wait_for_those_who_come_back_later(server: MockServer, path: Path) -> None:
    ask(llm(server), path, [request("before")])
    server.behave(faults=["429", "429", "", "404"], retry_after="20", latency=0.05)
    began = time.monotonic()
    with pytest.raises(ConfigError, match="status 404"):
        ask(llm(server, concurrency=4, patience_s=60.0), path, [request("before"), *REQUESTS])
    assert time.monotonic() - began < 15


def test_the_key_is_sent_and_stored_nowhere(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    ask(llm(server, api_key_env="MY_KEY"), path)
    assert server.asked()["keys"] == {"sk-very-secret": 20}
    for file in path.parent.iterdir():
        assert b"sk-very-secret" not in file.read_bytes()


def test_a_key_that_is_not_set_is_said(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match="the variable MY_KEY is not set"):
        ask(llm(server, api_key_env="MY_KEY"), path)


def test_a_wrong_address_is_said_soon(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_CONTACT", 0.5)
    server.stop()
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"cannot be reached.*llm\.base_url right"):
        ask(llm(server), path)
    assert time.monotonic() - began < 15


def test_a_server_that_is_no_llm_is_said(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_CONTACT", 0.3)
    server.behave(always="no choices")
    with pytest.raises(ConfigError, match="does not answer as OpenAI's servers do"):
        ask(llm(server), path)


def test_a_server_that_goes_down_is_waited_for(server: MockServer, path: Path) -> None:
    ask(llm(server), path, REQUESTS[:1])
    server.behave(latency=0.1, down_until=0)
    started = SPAWN.Process(target=_ask_all, args=(server.url, str(path), 40))
    started.start()
    time.sleep(2.5)
    server.behave(down_until=time.time() + 2)
    started.join(60)
    assert started.exitcode == 0
    assert len(stored(path)) == 41


def test_the_cap_is_kept_and_what_was_paid_for_too(server: MockServer, path: Path) -> None:
    price = PriceConfig(input=1000.0, output=1000.0)
    whole = ask(llm(server, price=price), path.with_name("other.db")).usd
    cap = whole / 2
    with pytest.raises(BudgetExceeded, match=r"llm\.max_cost_usd=.* would be exceeded: .* USD are spent"):
        ask(llm(server, price=price, max_cost_usd=cap, max_tokens=60), path)
    cache = CompletionCache(path)
    assert 0 < sum(row["cost_usd"] for row in cache.rows()) <= cap
    done = len(stored(path))
    with pytest.raises(BudgetExceeded):  # what was spent before counts
        ask(llm(server, price=price, max_cost_usd=cap, max_tokens=60), path)
    assert sum(row["cost_usd"] for row in cache.rows()) <= cap
    assert ask(llm(server, price=price, max_cost_usd=2 * whole, max_tokens=60), path).hits >= done


def test_answers_give_rise_to_requests(server: MockServer, path: Path) -> None:
    def follow_up(asked: Request, completion: Completion) -> list[Request]:
        assert completion.text
        return (
            [] if asked.id.endswith("#2") else [request(asked.id.split("/")[2][:-2], replicate=int(asked.id[-1]) + 1)]
        )

    spend = ask(llm(server), path, follow_up=follow_up)
    assert spend.requests == 60
    again = ask(llm(server), path, follow_up=follow_up)
    assert (again.requests, again.hits) == (0, 60)


def test_a_follow_up_that_breaks_ends_the_session(server: MockServer, path: Path) -> None:
    def broken(asked: Request, completion: Completion) -> list[Request]:
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        ask(llm(server), path, follow_up=broken)
    assert stored(path)


def test_a_full_disk_is_said(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CompletionCache(path)
    real = cache._database.execute

    def execute(statement: str, *values: Any) -> Any:
        if statement.startswith("INSERT INTO completions") and len(stored(path)) >= 5:
            raise sqlite3.OperationalError("database or disk is full")
        return real(statement, *values)

    monkeypatch.setattr(cache._database, "execute", execute)
    with pytest.raises(ClinsynthError, match="cannot be written: database or disk is full"):
        clients.client(llm(server, concurrency=1), cache=cache).answer(REQUESTS)
    assert len(stored(path)) == 5
    assert server.asked()["requests"] == 6


def _ask_all(url: str, path: str, number: int, first: int = 0) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config = LLMConfig(name="local", model="m", base_url=url, concurrency=4, patience_s=30.0)
    cache = CompletionCache(Path(path))
    clients.client(config, cache=cache).answer([request(f"u{unit}") for unit in range(first, first + number)])


def test_two_processes_pay_once(server: MockServer, path: Path) -> None:
    server.behave(latency=0.05)
    both = [SPAWN.Process(target=_ask_all, args=(server.url, str(path), 60, first)) for first in (0, 30)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    assert server.asked()["requests"] == 90
    assert len(stored(path)) == 90


def wait_for(server: MockServer, answered: int) -> None:
    for _ in range(600):
        if server.asked()["answered"] >= answered:
            return
        time.sleep(0.05)
    raise AssertionError("the server was not asked")


def test_what_a_killed_session_paid_for_is_kept(
    server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave(latency=0.03)
    killed = SPAWN.Process(target=_ask_all, args=(server.url, str(path), 200))
    killed.start()
    wait_for(server, 40)
    assert killed.pid is not None
    os.kill(killed.pid, signal.SIGKILL)
    killed.join(60)
    time.sleep(0.2)
    kept, answered = len(stored(path)), server.asked()["answered"]
    assert answered - 4 <= kept <= answered
    monkeypatch.setattr("clinsynth.llm.claims.STALE", 0.0)
    spend = ask(llm(server), path, [request(f"u{unit}") for unit in range(200)])
    assert spend.hits == kept
    assert server.asked()["requests"] <= 200 + 4


def test_ctrl_c_keeps_the_answers_under_way(server: MockServer, path: Path) -> None:
    server.behave(latency=0.5)
    stopped = SPAWN.Process(target=_ask_all, args=(server.url, str(path), 200))
    stopped.start()
    wait_for(server, 4)
    time.sleep(0.2)
    assert stopped.pid is not None
    os.kill(stopped.pid, signal.SIGINT)
    stopped.join(60)
    assert stopped.exitcode == 1  # KeyboardInterrupt
    asked = server.asked()
    assert asked["answered"] == asked["requests"] == len(stored(path))
    assert asked["requests"] < 40
