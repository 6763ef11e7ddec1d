"""Self-chat from the command line, in one request a dialogue or turn by turn: what is paid for is paid for once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clinsynth import config, tasks
from clinsynth.corpora.generation import Generation
from clinsynth.errors import MissingFile
from clinsynth.stages import grid, targets
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

    with pytest.MonkeyPatch.context() as patch:
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
    with dies(11), pytest.raises(Killed):
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


PAIRS = "".join(
    f"<QAPair pid='{n}'><Question>What is disease {n}?</Question><Answer>It is one of {n}.</Answer></QAPair>"
    for n in range(1, 9)
)


@pytest.fixture
def medquad(workspace: Path) -> Path:
    """A file of MedQuAD's form in each of the folders that the dataset names."""
    for place, folder in enumerate(("5_NIDDK_QA", "8_NHLBI_QA_XML")):
        path = workspace / "data/MedQuAD" / folder / "1.xml"
        path.parent.mkdir(parents=True)
        pairs = PAIRS.replace("disease", "condition") if place else PAIRS
        path.write_text(f"<Document><QAPairs>{pairs}</QAPairs></Document>", encoding="utf-8")
    return workspace


def test_the_paper_s_scale_is_composed_keyed_and_costed(
    clinsynth: Command, with_store: Path, medquad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not run: it takes an LLM, and a GPU."""
    config.register(tasks.schemas())
    jobs = grid.jobs("baize", scale="paper")
    assert len({job.run_key for job in jobs}) == len(jobs) == 4
    assert {job.settings.backbone.name for job in jobs} == {"llama32_1b", "qwen3_0_6b"}
    assert {(job.settings.backbone.lora.r, job.settings.trainer.accumulate) for job in jobs} == {(8, 8)}
    told = clinsynth("sweep", "target=baize", "scale=paper", "dry_run=true")
    assert told.status == 0, told.err
    assert "4 jobs, 0 are done, 4 are left" in " ".join(told.out.split())
    assert "2 of them lack completions" in told.out
    cost = clinsynth("generate", "dataset=medquad", "llm=chatgpt", "generation.dry_run=true")
    assert cost.status == 0, cost.err
    said = " ".join(cost.out.split())
    assert "requests to send 8" in said
    assert "USD" in said


def test_of_all_targets_one_whose_gold_is_not_here_is_left_out(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.register(tasks.schemas())
    monkeypatch.setattr(targets, "TITLES", {"baize": "Self-chat"})
    assert targets.jobs("all", scale="paper", overrides=()) == []
    assert "baize is left out: no file at" in capsys.readouterr().out
    with pytest.raises(MissingFile):
        targets.jobs("baize", scale="paper", overrides=())
