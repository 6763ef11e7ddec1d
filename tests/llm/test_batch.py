from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from clinsynth.asking import clients
from clinsynth.config import LLMConfig, LLMMode, PriceConfig, WhenCut
from clinsynth.errors import BudgetExceeded, ClinsynthError, ConfigError
from clinsynth.llm import batch
from clinsynth.llm.budget import Cap, Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers.base import NoAnswer
from clinsynth.types import Completion, Request
from support import MockServer

SPAWN = multiprocessing.get_context("spawn")


def request(unit: str, *, replicate: int = 0) -> Request:
    text = f'Please provide 3 sentences containing the words "{unit}". Thank you.'
    return Request(f"d/sentences/{unit}#{replicate}", ({"role": "user", "content": text},))


REQUESTS = [request(f"unit{number}") for number in range(12)]


def llm(url: str, **other: Any) -> LLMConfig:
    settings: dict[str, Any] = {"mode": LLMMode.batch, "poll_s": 0.05, "timeout_s": 10.0}
    return LLMConfig(name="openai", model="m", base_url=url, **(settings | other))


def ask(config: LLMConfig, path: Path, requests: list[Request] = REQUESTS, **other: Any) -> Spend:
    cache = CompletionCache(path)
    try:
        return clients.client(config, cache=cache).answer(requests, **other)
    finally:
        cache.close()


def stored(path: Path) -> int:
    return len(list(CompletionCache(path).rows()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "completions.db"


def test_a_batch_fills_the_cache_of_the_client(server: MockServer, path: Path) -> None:
    spend = ask(llm(server.url), path)
    assert (spend.requests, spend.hits) == (12, 0)
    asked = server.asked()
    assert (asked["batches"], asked["batched"], asked["requests"]) == (1, 12, 0)
    assert ask(llm(server.url), path).hits == 12
    direct = clients.client(llm(server.url, mode=LLMMode.direct), cache=CompletionCache(path)).answer(REQUESTS)
    assert direct.hits == 12
    assert server.asked()["batches"] == 1


def test_it_costs_the_share_that_is_told(server: MockServer, path: Path) -> None:
    spend = ask(llm(server.url, price=PriceConfig(input=1.0, output=2.0, batch=0.5)), path)
    assert spend.usd == pytest.approx((spend.tokens_in * 1.0 + spend.tokens_out * 2.0) / 2e6)
    other = ask(llm(server.url, price=PriceConfig(input=1.0, output=2.0)), path.with_name("other.db"))
    assert other.unpriced == 12


def test_rows_that_fail_are_submitted_again(server: MockServer, path: Path) -> None:
    server.behave(batch_fails=[0, 3])
    ask(llm(server.url), path)
    assert stored(path) == 12
    asked = server.asked()
    assert (asked["batches"], asked["batched"]) == (2, 14)


def test_rows_that_fail_for_good_are_said(server: MockServer, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "ROUNDS", 1)
    server.behave(batch_fails=list(range(12)))
    with pytest.raises(ConfigError, match=r"12 requests had no answer; the server says: .*an odd row"):
        ask(llm(server.url), path)
    assert ask(llm(server.url), path).requests == 12


def choice(content: str | None, *, finish_reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, "finish_reason": finish_reason}]}


@pytest.mark.parametrize(
    ("row", "reason", "batches"),
    [
        ((200, choice(None)), "empty", 3),
        ((200, choice("I'm sorry, but I can't assist with that.")), "refusal", 3),
        ((400, {"error": {"message": "Filtered.", "code": "content_filter"}}), "content filter", 1),
        ((200, {"choices": [{"message": "odd"}]}), "garbled", 3),
    ],
)
def test_a_row_without_an_answer_is_given_up_and_the_others_are_kept(
    server: MockServer, path: Path, row: Any, reason: str, batches: int
) -> None:
    server.behave(batch_rows={"unit3": row})
    spend = ask(llm(server.url), path)
    assert {id: lack.reason for id, lack in spend.given_up.items()} == {REQUESTS[3].id: reason}
    assert stored(path) == 11
    assert server.asked()["batches"] == batches


def test_a_row_that_a_batch_lacks_is_not_submitted_for_ever(server: MockServer, path: Path) -> None:
    server.behave(batch_end="expired", batch_rows={"unit3": None})
    spend = ask(llm(server.url), path)
    assert spend.given_up == {REQUESTS[3].id: NoAnswer("failed", "the batch ended without it")}
    assert stored(path) == 11


def test_a_batch_that_is_refused_is_said(server: MockServer, path: Path) -> None:
    server.behave(batch_end="failed")
    with pytest.raises(ClinsynthError, match="was refused: the file is too odd"):
        ask(llm(server.url), path)


def test_answers_give_rise_to_the_next_batch(server: MockServer, path: Path) -> None:
    def follow_up(asked: Request, completion: Completion) -> list[Request]:
        unit, replicate = asked.id.split("/")[2].split("#")
        return [request(unit, replicate=1)] if replicate == "0" else []

    assert ask(llm(server.url), path, follow_up=follow_up).requests == 24
    assert server.asked()["batches"] == 2


def test_the_cap_is_kept_before_anything_is_sent(server: MockServer, path: Path) -> None:
    price = PriceConfig(input=1000.0, output=1000.0, batch=0.5)
    with pytest.raises(BudgetExceeded, match="a batch of 12 requests would bring the cost to about"):
        ask(llm(server.url, price=price, max_cost_usd=0.5), path)
    assert server.asked()["batches"] == 0


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        (Cap("llm.max_total_cost_usd", 2.0, 1.9999, place="by the runs of here"), "and a batch of 12 requests would"),
        (Cap("llm.max_total_tokens", 500.0, 0.0, unit="tokens", place="on all"), "0 tokens are spent on all"),
    ],
)
def test_further_caps_are_kept_before_anything_is_sent(server: MockServer, path: Path, cap: Cap, said: str) -> None:
    price = PriceConfig(input=1.0, output=1.0, batch=0.5)
    client = clients.client(llm(server.url, price=price, max_tokens=100), cache=CompletionCache(path), caps=[cap])
    with pytest.raises(BudgetExceeded, match=said):
        client.answer(REQUESTS)
    assert server.asked()["batches"] == 0


def test_a_row_that_is_cut_is_submitted_with_more_room(server: MockServer, path: Path) -> None:
    server.behave(batch_rows={"unit3": (200, choice("1. Gout was", finish_reason="length"))})
    spend = ask(llm(server.url, max_tokens=10, when_cut=WhenCut.again), path)
    assert (server.asked()["batches"], server.asked()["batched"]) == (3, 14)
    assert spend.no_answers == {"cut off": 2}
    assert not spend.given_up
    assert stored(path) == 12


def test_a_cap_needs_the_share() -> None:
    with pytest.raises(ConfigError, match=r"llm\.price\.batch=0\.5"):
        llm("http://127.0.0.1:1/v1", price=PriceConfig(input=1.0, output=1.0), max_cost_usd=1.0)


def _ask_all(url: str, path: str) -> None:
    ask(llm(url), Path(path))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_rerun_finds_the_batch_again(server: MockServer, path: Path, how: signal.Signals) -> None:
    server.behave(batch_polls=1_000_000)
    left = SPAWN.Process(target=_ask_all, args=(server.url, str(path)))
    left.start()
    for _ in range(600):
        if path.is_file() and CompletionCache(path).batches(server.url):
            break
        time.sleep(0.05)
    assert left.pid is not None
    os.kill(left.pid, how)
    left.join(2)
    left.kill()
    left.join(60)
    server.behave(batch_polls=0)
    assert ask(llm(server.url), path).requests == 12
    assert server.asked()["batches"] == 1
    assert CompletionCache(path).batches(server.url) == {}


def test_a_batch_can_be_cancelled(server: MockServer, path: Path) -> None:
    cache = CompletionCache(path)
    client = clients.batch_client(llm(server.url), cache=cache)
    keys = [client.endpoint.cache_key(found) for found in REQUESTS]
    noted = client.server.submit(dict(zip(keys, REQUESTS, strict=True)))
    cache.note_batch(noted, keys, server=server.url)
    assert clients.batch_client(llm(server.url), cache=cache).cancel() == 1
    assert server.asked()["cancelled"] == 1
    assert clients.batch_client(llm(server.url), cache=cache).cancel() == 0
    assert ask(llm(server.url), path).requests == 12  # what was cancelled is asked anew
    assert server.asked()["batches"] == 2
