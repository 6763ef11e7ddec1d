"""Self-chat from the command line, in one request a dialogue or turn by turn: what is paid for is paid for once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clinsynth.corpora.generation import Generation
from support import Command, MockServer, examples, rows

TURNS = ("dataset=sample_chat", "dataset.written=in_turns", "units.max=6")


def live(server: MockServer) -> tuple[str, ...]:
    return ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.price.input=1", "llm.price.output=2")


class Killed(Exception):
    """Ends the process in the middle."""


@contextmanager
def dies(number: int) -> Iterator[None]:
    """Let this process die when an LLM's answer of this number has come: it is stored, and no more is done with it."""
    taken, come = Generation.__call__, []

    def call(self: Generation, *given: Any) -> Any:
        come.append(given)
        if len(come) == number:
            raise Killed
        return taken(self, *given)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Generation, "__call__", call)
        yield


def test_two_roles_take_turns(clinsynth: Command, with_store: Path, server: MockServer) -> None:
    told = clinsynth("generate", *TURNS, *live(server), "generation.dry_run=true")
    assert told.status == 0, told.err
    assert "requests to send 30" in " ".join(told.out.split())
    assert "at most" in told.out
    made = examples(clinsynth("generate", *TURNS, *live(server)), with_store)
    lengths = {row["unit"]: len(row["turns"]) for row in made}
    assert lengths.pop("How does a vaccine work?") == 2  # nothing was left to ask
    assert set(lengths.values()) == {6}
    asked = server.asked()["requests"]
    assert asked == 5 * 5 + 2

    again = clinsynth("generate", *TURNS, *live(server))
    assert again.status == 0, again.err
    assert server.asked()["requests"] == asked
    said = clinsynth("cache", "action=export", "to=said.jsonl")
    assert said.status == 0, said.err
    assert len(rows(with_store / "said.jsonl")) == asked
    offline = clinsynth("generate", *TURNS, "llm=recorded", "llm.recordings=[said.jsonl]")
    assert examples(offline, with_store) == made


@pytest.mark.parametrize(("words", "paid"), [(TURNS, 27), (("dataset=sample_chat",), 24)])
def test_a_kill_in_the_middle_pays_nothing_twice(
    words: tuple[str, ...],
    paid: int,
    clinsynth: Command,
    with_store: Path,
    server: MockServer,
) -> None:
    with dies(11):
        clinsynth("generate", *words, *live(server), "llm.concurrency=1")
    assert server.asked()["requests"] == 11
    made = clinsynth("generate", *words, *live(server))
    assert made.status == 0, made.err
    assert server.asked()["requests"] == paid


def test_a_turn_that_is_missing_is_named(clinsynth: Command, with_store: Path, server: MockServer) -> None:
    cap = "llm.max_cost_usd=0.002"
    stopped = clinsynth("generate", *TURNS, *live(server), cap, "llm.max_tokens=200")
    assert stopped.status == 2, stopped.out
    assert cap.split("=")[0] in stopped.err
    trained = clinsynth("train", *TURNS, *live(server), "backbone=tiny_llama", "llm.max_tokens=200")
    assert trained.status == 2
    assert "completions are missing" in " ".join(trained.err.split())
    before = server.asked()["requests"]
    assert 0 < before < 27
    made = clinsynth("generate", *TURNS, *live(server), "llm.max_tokens=200")
    assert made.status == 0, made.err
    assert server.asked()["requests"] == 27
