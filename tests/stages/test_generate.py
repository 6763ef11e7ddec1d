from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clinsynth import keys
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.endings import lack
from clinsynth.llm.servers.base import ServerAnswer, Usage
from clinsynth.types import Request
from layouts import LAYOUTS, NOTHING, filled
from postgres import Postgres
from support import TINY, Command, MockServer, Said, environment, killed, rows

Run = Callable[..., Said]
QUICK = [word for word in TINY if not word.startswith("source.")]


def live(server: MockServer) -> list[str]:
    return [
        "llm=local",
        "llm.model=m",
        f"llm.base_url={server.url}",
        "generation.per_request=10",
        "units.max=6",
        "annotator=seed",
    ]


@pytest.fixture
def generate(with_store: Path, clinsynth: Command, server: MockServer) -> Run:
    def run(*words: str) -> Said:
        return clinsynth("generate", *live(server), *words)

    return run


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(max(folder.glob("outputs/*/*/summary.json")).read_text(encoding="utf-8"))
    return found


def test_a_dry_run_sends_nothing(generate: Run, server: MockServer) -> None:
    said = generate("size=n10", "generation.dry_run=true", "annotator=llm", "llm.price.input=1", "llm.price.output=2")
    assert said.status == 0, said.err
    lines = {
        line.rsplit("  ", 1)[0].strip(): line.rsplit("  ", 1)[1].strip()
        for line in said.out.splitlines()
        if "  " in line
    }
    assert lines["requests to send"] == "12"
    assert float(lines["cost"].split()[0]) > 0
    assert "gold text" in said.out
    assert server.asked()["requests"] == 0


def test_what_is_generated_becomes_a_corpus(generate: Run, server: MockServer, with_store: Path) -> None:
    said = generate("size=n10")
    assert said.status == 0, said.err
    assert "6 requests (0 retries), 0 answers were there already" in said.out
    found = summary(with_store)
    assert found["examples"] == 60
    assert found["model"] is None
    assert f"corpus {found['corpus']}: 60 examples of 6 units" in said.out


def test_a_batch_makes_the_same_corpus(generate: Run, server: MockServer, with_store: Path) -> None:
    server.behave(rounds=False)
    said = generate("size=n10", "annotator=llm", "llm.mode=batch", "llm.poll_s=0.05")
    assert said.status == 0, said.err
    corpus = summary(with_store)["corpus"]
    asked = server.asked()
    assert (asked["batches"], asked["batched"], asked["requests"]) == (2, 12, 0)
    assert generate("size=n10", "annotator=llm", "paths.artifacts=other").status == 0
    assert summary(with_store)["corpus"] == corpus
    assert "0 batches are cancelled" in generate("size=n10", "generation.cancel=true").out


def test_parts_in_any_order_make_the_same_corpus(generate: Run, server: MockServer, with_store: Path) -> None:
    """Units that fall short are asked for more by the last command, which refuses to do what the parts have to."""
    server.behave(rounds=False, yield_of=0.6)
    words = ("size=n20", "annotator=llm")
    assert generate(*words, "paths.artifacts=whole").status == 0
    whole, asked = corpus_files(with_store / "whole"), server.asked()["requests"]
    for number in (1, 2, 3):
        own = (*words, f"paths.artifacts=of{number}")
        before = server.asked()["requests"]
        for part in reversed(range(number)):
            early = generate(*own, f"shard=merge/{number}")
            assert (early.status, f"shard={part}/{number}" in early.err) == (2, True)
            done = generate(*own, f"shard={part}/{number}")
            assert (done.status, f"shard=merge/{number} makes the corpus" in done.out) == (0, True), done.err
        assert "0 requests (0 retries)" in generate(*own, f"shard=0/{number}").out
        merged = generate(*own, f"shard=merge/{number}")
        assert merged.status == 0, merged.err
        assert corpus_files(with_store / f"of{number}") == whole
        assert server.asked()["requests"] - before == asked


def corpus_files(artifacts: Path) -> dict[str, bytes]:
    """The examples of the one corpus that is there, and what was rejected."""
    (folder,) = artifacts.glob("corpus-*")
    return {folder.name: b"", **{name: (folder / name).read_bytes() for name in ("examples.jsonl", "rejected.jsonl")}}


@pytest.mark.postgres
def test_parts_on_several_machines_share_a_cache(
    generate: Run, server: MockServer, with_store: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINSYNTH_CACHE", postgres.new())
    for part in (1, 0):
        assert generate("size=n10", f"paths.artifacts=m{part}", f"shard={part}/2").status == 0
    merged = generate("size=n10", "paths.artifacts=m2", "shard=merge/2")
    assert merged.status == 0, merged.err
    assert server.asked()["requests"] == 6


def test_nobody_is_asked_in_parts(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("generate", "size=n5", "shard=0/2")
    assert (said.status, "nobody is asked" in " ".join(said.err.split())) == (2, True)


def test_what_was_spent_is_logged(generate: Run, with_store: Path) -> None:
    from mlflow import MlflowClient

    generate("size=n10", "tracking.traces=true")
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    run = client.get_run(summary(with_store)["run_id"])
    traces = client.search_traces(locations=[run.info.experiment_id], run_id=run.info.run_id)
    assert [trace.data.spans[0].name for trace in traces] == 6 * ["sample_ner/sentences"]
    assert all("sentences" in trace.data.spans[0].inputs["messages"][-1]["content"] for trace in traces)
    assert [found.dataset.name for found in run.inputs.dataset_inputs] == ["sample_ner", "sample_ner synthetic"]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["llm/requests"] == 6
    assert run.data.metrics["llm/gold_characters"] > 0
    assert run.data.params["llm"] == "local"
    assert run.data.tags["corpus"] == summary(with_store)["corpus"]


@pytest.mark.parametrize(
    ("first", "then", "paid"),
    [
        (["size=n10"], ["size=n10"], 0),
        (["size=n10"], ["size=n30"], 12),
        (["size=n10", "seed_ratio=r050"], ["size=n10"], 3),
        (["size=n10"], ["size=n5", "quality=none"], 0),
        (["size=n10"], ["size=n10", "annotator=gazetteer"], 0),
        (["size=n10"], ["size=n10", "annotator=llm"], 6),
        (["size=n10"], ["size=n10", "units.negatives=0.25"], 1),
        (["size=n10", "units.negatives=0.25"], ["size=n10", "units.negatives=0.5", "negatives.per_request=40"], 1),
        (["size=n10"], ["size=n10", "llm.concurrency=2", "llm.timeout_s=9"], 0),
        (["size=n10"], ["size=n10", "llm.temperature=0.5"], 6),
        (["size=n10"], ["size=n10", "llm.model=other"], 6),
        (["size=n10"], ["size=n10", "generation.per_request=5"], 12),
        (
            ["size=n10"],
            ["size=n10", "prompt.name=own", 'prompt.text="provide $n sentences containing the words \\"$entity\\". "'],
            6,
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_only_what_is_new_is_paid_for(
    generate: Run, server: MockServer, first: list[str], then: list[str], paid: int
) -> None:
    assert generate(*first).status == 0
    before = server.asked()["requests"]
    said = generate(*then)
    assert said.status == 0, said.err
    assert server.asked()["requests"] - before == paid


def test_answers_that_are_there_need_no_key(generate: Run, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-here")
    server.behave(yield_of=0.6)  # some are asked for more
    words = ("size=n10", "annotator=llm", "llm.api_key_env=MY_KEY")
    assert generate(*words).status == 0
    before = server.asked()["requests"]
    monkeypatch.delenv("MY_KEY")
    said = generate(*words)
    assert (said.status, said.err) == (0, "")
    assert "0 requests (0 retries), 24 answers were there already" in said.out
    more = generate(*words, "units.max=7")
    assert more.status == 2
    assert "the variable MY_KEY is not set" in more.err
    assert server.asked()["requests"] == before


def test_an_empty_corpus_is_nothing_to_train_on(generate: Run) -> None:
    said = generate("size=n10", "quality.max_words=1", "quality.min_words=1")
    assert said.status == 2
    assert "is empty: no text of the LLM was kept" in said.err
    assert "Train on it" not in said.out


def test_units_that_fall_short_are_asked_again(generate: Run, server: MockServer, with_store: Path) -> None:
    server.behave(yield_of=0.6)
    said = generate("size=n10")
    assert said.status == 0, said.err
    assert server.asked()["requests"] == 12
    assert summary(with_store)["examples"] == 60
    assert generate("size=n10", "annotator=gazetteer").status == 0
    assert server.asked()["requests"] == 12


def test_topping_up_ends(generate: Run, server: MockServer) -> None:
    server.behave(yield_of=0.2)
    said = generate("size=n10")
    assert said.status == 0, said.err
    assert server.asked()["requests"] == 18
    assert "6 units have fewer usable texts than are wanted" in said.out
    generate("size=n10", "generation.max_attempts=4")
    assert server.asked()["requests"] == 24


def test_training_on_it_asks_nothing(
    generate: Run, server: MockServer, clinsynth: Command, tiny_bert: Path, with_store: Path
) -> None:
    server.behave(yield_of=0.6)
    generate("size=n10", "annotator=llm")
    corpus, before = summary(with_store)["corpus"], server.asked()["requests"]
    tiny = f"backbone.name_or_path={tiny_bert}"
    said = clinsynth("train", *live(server), "annotator=llm", "size=n10", tiny, *QUICK)
    assert said.status == 0, said.err
    assert summary(with_store)["corpus"] == corpus
    assert server.asked()["requests"] == before
    said = clinsynth("train", *live(server), "size=n30", tiny, *QUICK)
    assert said.status == 2
    assert "6 of 18 completions are missing" in " ".join(said.err.split())
    assert server.asked()["requests"] == before


def test_private_units_are_sent_with_consent_only(generate: Run, server: MockServer, with_store: Path) -> None:
    (with_store / "terms.txt").write_text("gout\nlupus\n", encoding="utf-8")
    private = (
        "dataset=terms",
        "dataset.units=terms.txt",
        "dataset.entity_type=Disease",
        "size=n10",
        "llm.trusted=false",
    )
    said = generate(*private)
    assert said.status == 2
    assert "terms is not public" in said.err
    tried = generate(*private, "generation.dry_run=true")
    assert tried.status == 0
    assert "Without generation.dry_run it is refused: terms is not public" in tried.out
    assert "refused" not in generate(*private, "generation.dry_run=true", "llm.trusted=true").out
    assert server.asked()["requests"] == 0
    assert generate(*private, "generation.send_gold_text=true", "tracking.traces=true").status == 0
    assert generate(*private, "llm.trusted=true").status == 0
    assert server.asked()["requests"] == 2
    written = b"".join(path.read_bytes() for path in with_store.glob("mlruns/mlflow.db*"))
    assert b"terms/sentences" in written  # in a trace
    assert b"lupus" not in written


def test_what_does_not_say_that_it_is_public_is_private(
    clinsynth: Command, server: MockServer, with_store: Path
) -> None:
    (with_store / "cfg" / "dataset").mkdir(parents=True)
    (with_store / "gold.tsv").write_text("Mild\tO\nataxia\tB-Disease\n.\tO\n", encoding="utf-8")
    lines = ["defaults: [/schema/dataset/ner@_here_]", "name: forgot", "task: ner", "entity_type: Disease"]
    files = "files: {train: {path: gold.tsv}, test: {path: gold.tsv}}"
    (with_store / "cfg" / "dataset" / "forgot.yaml").write_text("\n".join([*lines, files]) + "\n", encoding="utf-8")
    words = ["dataset=forgot", "--config-dir=cfg", "llm=local", "llm.model=m", f"llm.base_url={server.url}"]
    for stage in ("generate", "zero_shot", "search_prompts"):
        said = clinsynth(stage, *words)
        assert said.status == 2
        assert "forgot is not public" in said.err
    assert server.asked()["requests"] == 0
    said = clinsynth("generate", *words, "dataset.public=true", "size=n5", "annotator=seed")
    assert said.status == 0, said.err


REFUSED = json.dumps({"error": {"message": "The response was filtered.", "code": "content_filter", "status": 400}})


@pytest.fixture
def filtered(generate: Run, server: MockServer, with_store: Path) -> list[str]:
    """Words for four units, of which the server refuses one."""
    (with_store / "terms.txt").write_text("gout\nataxia\nlupus\nasthma\n", encoding="utf-8")
    server.behave(about={"ataxia": (400, REFUSED)})
    return ["dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", "size=n10", "llm.trusted=true"]


def test_a_refused_unit_is_named_and_the_others_are_kept(
    generate: Run, server: MockServer, filtered: list[str]
) -> None:
    said = generate(*filtered)
    assert said.status == 2
    told = " ".join(said.err.split())
    assert "1 of 4 completions are missing" in told
    assert "ataxia (content filter); it said: 'The response was filtered.'" in told
    assert "generation.on_missing=skip goes on without them" in told
    assert "1 have no answer: ataxia (content filter)" in " ".join(said.out.split())
    assert server.asked()["answered"] == 3
    again = generate(*filtered)
    assert again.status == 2
    assert server.asked()["answered"] == 3
    server.behave(about={})
    assert generate(*filtered).status == 0
    assert server.asked()["answered"] == 4


def test_a_corpus_is_made_without_a_refused_unit(
    generate: Run, clinsynth: Command, server: MockServer, filtered: list[str], with_store: Path, tiny_bert: Path
) -> None:
    skip = "generation.on_missing=skip"
    filtered = [*filtered, "dataset.files.test.path=assets:sample_ner/test.tsv"]
    said = generate(*filtered, skip)
    assert said.status == 0, said.err
    found = summary(with_store)
    assert found["examples"] == 30
    assert "ataxia (content filter)" in " ".join(said.out.split())
    training = ["train", *live(server), *filtered, skip, f"backbone.name_or_path={tiny_bert}", *QUICK]
    said = clinsynth(*training)
    assert said.status == 0, said.err
    assert summary(with_store)["corpus"] == found["corpus"]


def test_what_is_no_answer_is_counted_and_can_be_seen(
    generate: Run, clinsynth: Command, server: MockServer, with_store: Path
) -> None:
    empty = json.dumps({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]})
    server.behave(bodies=[empty, empty])
    said = generate("size=n10", "llm.concurrency=1", "llm.price.input=1", "llm.price.output=1")
    assert said.status == 0, said.err
    told = " ".join(said.out.split())
    assert "8 requests (2 retries), 0 answers were there already" in told
    assert "2 of the requests came back without an answer, and were asked again: 2 empty" in told
    assert summary(with_store)["examples"] == 60
    said = clinsynth("cache")
    assert ["m", "empty", "2"] in [line.split()[:3] for line in said.out.splitlines()]


@pytest.mark.parametrize(
    ("wish", "gone"),
    [
        (["forget.unit='unit [0]'"], 2),
        (["forget.prompt=sentences"], 6),
        (["forget.prompt=mentions", "forget.dataset=sample_ner"], 6),
        (["forget.reason=stop", "model=m"], 12),
        (["forget.since=2020-01-01"], 12),
        (["forget.before=2020-01-01"], 0),
        (["forget.unit=another"], 0),
        ([], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_answers_can_be_forgotten(paid: Path, clinsynth: Command, wish: list[str], gone: int) -> None:
    dry = clinsynth("cache", "action=forget", *wish, "dry_run=true")
    assert len(list(CompletionCache(paid).rows())) == 12
    said = clinsynth("cache", "action=forget", *wish)
    assert (dry.status, said.status) == ((0, 0) if gone else (2, 2))
    assert len(list(CompletionCache(paid).rows())) == 12 - gone
    if gone:
        assert "unit [0]" in dry.out
        assert f"{gone} completions would be forgotten" in dry.out
        assert f"{gone} completions are forgotten" in said.out
    assert CompletionCache(paid).spent() > 0


@pytest.fixture
def paid(with_store: Path) -> Path:
    """A cache with six answers about sentences, and six about their mentions."""
    path = with_store / "artifacts" / "completions.db"
    cache = CompletionCache(path)
    for prompt in ("sentences", "mentions"):
        for number in range(6):
            asked = Request(
                f"sample_ner/{prompt}/unit [{number}]#0", ({"role": "user", "content": f"{prompt} {number}"},)
            )
            found = ServerAnswer("1. Gout.", "stop", "m", Usage(1, 1))
            key = keys.request(asked, model="m", sampling={})
            cache.put(key, asked, found, model="m", sampling={}, asked_at=time.time(), cost_usd=0.5)
    cache.close()
    return path


@pytest.mark.parametrize("background", [False, True])
def test_sigterm_keeps_the_answers_under_way(background: bool, with_store: Path, server: MockServer) -> None:
    """Also of a job that a script has put into the background, which ignores Ctrl-C."""
    from mlflow import MlflowClient

    server.behave(latency=1.5)
    words = [sys.executable, "-m", "clinsynth", "generate", *live(server), "units.max=60", "size=n10"]
    deaf = partial(signal.signal, signal.SIGINT, signal.SIG_IGN if background else signal.SIG_DFL)
    process = subprocess.Popen(
        [*words, "llm.concurrency=4"],
        cwd=with_store,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=deaf,  # the tests' process has no thread that holds a lock of its own
    )
    while process.poll() is None and server.asked()["requests"] < 4:
        time.sleep(0.05)
    if background:
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
    for _ in range(2):  # however often it comes
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    asked = server.asked()
    assert asked["answered"] == asked["requests"] < 60
    cache = CompletionCache(with_store / "artifacts" / "completions.db")
    assert len(list(cache.rows())) == asked["answered"], said
    client = MlflowClient(f"sqlite:///{with_store}/mlruns/mlflow.db")
    (experiment,) = [found for found in client.search_experiments() if found.name == "sample_ner"]
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "KILLED"


@pytest.mark.parametrize("ends", ["\n", "\r\n", " "])
def test_a_key_with_a_line_end_is_the_key(
    generate: Run, server: MockServer, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setenv("MY_KEY", f"sk-very-secret{ends}")
    assert generate("size=n10", "llm.api_key_env=MY_KEY").status == 0
    assert list(server.asked()["keys"]) == ["sk-very-secret"]


SECRET = "sk-proj-VerySecret0123456789"


@pytest.mark.parametrize("multirun", [[], ["-m", "size=n5,n10"]])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([f"llm.api_key_env={SECRET}"], "llm.api_key_env has to be the name of the variable"),
        (["llm.api_key_env=VerySecret0123456789abcdef"], "llm.api_key_env has to be the name of the variable"),
        (["llm.base_url=http://me:VerySecret@127.0.0.1:1/v1"], "llm.base_url holds a password"),
        (["llm.watermark.key_env=my-VerySecret"], "llm.watermark.key_env has to be the name of the variable"),
        (["--config-dir=own", "llm=mine"], "llm.api_key_env has to be the name of the variable"),
        (["llm.api_key_env=MY_KEY"], "the variable MY_KEY holds no key"),
    ],
)
def test_a_secret_in_the_wrong_place_is_said_and_written_nowhere(
    generate: Run, with_store: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str, multirun: list[str]
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-VerySecret\nmore")
    (with_store / "own" / "llm").mkdir(parents=True)
    option = with_store / "own" / "llm" / "mine.yaml"
    option.write_text(f"name: mine\nmodel: m\nbase_url: null\napi_key_env: {SECRET}\n", encoding="utf-8")
    base = [word for word in words if "base_url" in word]
    found = generate(
        *(multirun or ["size=n5"]), *words, *([] if base or "llm=mine" not in words else ["llm.base_url=null"])
    )
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "VerySecret" not in found.out + found.err
    for path in with_store.rglob("*"):
        assert not path.is_file() or path == option or b"VerySecret" not in path.read_bytes(), path


def test_a_password_out_of_a_variable_is_told_nowhere(
    generate: Run, clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch, server: MockServer
) -> None:
    monkeypatch.setenv("MY_SERVER", server.url.replace("http://", "http://me:VerySecret@"))
    words = ["generate", "llm=local", "llm.model=m", "llm.base_url=${oc.env:MY_SERVER}", "units.max=3", "size=n10"]
    answered = clinsynth(*words, "annotator=seed")
    server.behave(always="404")
    refused = clinsynth(*words, "annotator=seed", "llm.model=other")
    private = clinsynth(*words, "annotator=seed", "llm.model=other", "dataset.public=false")
    assert answered.status == 0, answered.err
    assert (answered.status, refused.status, private.status) == (0, 2, 2)
    assert "http://***@127.0.0.1" in " ".join(refused.err.split())
    assert "would be sent to http://***@127.0.0.1" in " ".join(private.err.split())
    sweep = clinsynth(*words, "annotator=seed", "-m", "llm.model=other,another")
    assert sweep.status == 2
    assert len(list(with_store.rglob("failure.json"))) == 2
    for said in (answered, refused, private, sweep):
        assert "VerySecret" not in said.out + said.err
    for path in with_store.rglob("*"):
        assert not path.is_file() or b"VerySecret" not in path.read_bytes(), path


@pytest.mark.parametrize("status", ["", "401"])
def test_the_key_is_in_nothing_that_is_written(
    generate: Run, server: MockServer, with_store: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    server.behave(always=status)
    said = generate("size=n10", "llm.api_key_env=MY_KEY", "hydra.verbose=true")
    assert said.status == (2 if status else 0)
    assert "sk-very-secret" not in said.out + said.err
    for path in with_store.rglob("*"):
        assert not path.is_file() or b"sk-very-secret" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["llm.api_key_env=NO_SUCH_KEY"], "the variable NO_SUCH_KEY is not set"),
        (["llm.max_cost_usd=1"], "llm.max_cost_usd=1.0 needs the prices of m"),
        (["llm.concurrency=0"], "llm.concurrency=0 is out of range"),
        (["llm.price.input=-1"], "llm.price.input=-1.0 is out of range"),
        (["llm.max_cost_usd=0", "llm.price.input=1", "llm.price.output=1"], "would be exceeded: 0.0000 USD are spent"),
    ],
)
def test_a_mistake_is_one_paragraph(generate: Run, words: list[str], said: str) -> None:
    found = generate("size=n10", *words)
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err


@pytest.mark.slow
def test_killed_it_ends_as_if_undisturbed(
    with_store: Path, server: MockServer, clinsynth: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave(latency=0.15, rounds=False)
    words = ["generate", *live(server), "units.max=60", "size=n10", "llm.concurrency=4"]
    disturbed, calm = with_store / "disturbed", with_store / "calm"
    for folder in (disturbed, calm):
        folder.mkdir()
    later = random.uniform(0, 0.3)

    def enough() -> bool:
        if server.asked()["requests"] < 3:
            return False
        time.sleep(later)
        return True

    killed(*words, when=enough, folder=disturbed)
    server.behave(latency=0)
    for folder in (disturbed, calm):
        monkeypatch.chdir(folder)
        assert clinsynth(*words).status == 0
        if folder is disturbed:
            assert 60 <= server.asked()["requests"] <= 64
    first, second = (sorted((folder / "artifacts").glob("corpus-*")) for folder in (disturbed, calm))
    assert [folder.name for folder in first] == [folder.name for folder in second]
    for name in ("examples.jsonl", "rejected.jsonl", "manifest.json"):
        assert (first[0] / name).read_bytes() == (second[0] / name).read_bytes()


def test_the_cache_is_counted_checked_and_taken_elsewhere(
    generate: Run, server: MockServer, clinsynth: Command, with_store: Path
) -> None:
    generate("size=n10", "annotator=llm")
    corpus = summary(with_store)["corpus"]
    said = clinsynth("cache")
    assert said.status == 0, said.err
    assert [line.split()[:3] for line in said.out.splitlines()[1:3]] == [
        ["m", "mentions", "6"],
        ["m", "sentences", "6"],
    ]
    assert "is sound" in clinsynth("cache", "action=verify").out
    assert clinsynth("cache", "action=export", "to=out/mine.jsonl").status == 0

    replay = [
        "llm.recordings=[out/mine.jsonl]",
        "generation.per_request=10",
        "units.max=6",
        "annotator=llm",
        "size=n10",
    ]
    said = clinsynth("generate", *replay)
    assert said.status == 0, said.err
    assert f"corpus {corpus}" in said.out

    elsewhere = "paths.artifacts=elsewhere"
    assert (
        "12 completions were taken, 0 left out"
        in clinsynth("cache", "action=import", "file=out/mine.jsonl", elsewhere).out
    )
    before = server.asked()["requests"]
    assert generate("size=n10", "annotator=llm", elsewhere).status == 0
    assert server.asked()["requests"] == before


def test_an_export_can_leave_prompts_out(generate: Run, clinsynth: Command, with_store: Path) -> None:
    generate("size=n10")
    clinsynth("cache", "action=export", "to=mine.jsonl", "prompts=false")
    content = (with_store / "mine.jsonl").read_text(encoding="utf-8")
    assert content.count("\n") == 6
    assert "provide 10 sentences" not in content


def test_a_spoilt_cache_is_found_out(generate: Run, clinsynth: Command, with_store: Path) -> None:
    import sqlite3

    generate("size=n10")
    database = sqlite3.connect(with_store / "artifacts" / "completions.db")
    database.execute("UPDATE completions SET model = 'x' WHERE rowid = 1")
    database.commit()
    database.close()
    said = clinsynth("cache", "action=verify")
    assert said.status == 2
    assert "has 1 faults" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["action=stats"], "there is no cache of completions at artifacts/completions.db"),
        (["action=import"], "action=import needs a file: file="),
        (["action=import", "file=none.jsonl"], "no recordings at none.jsonl"),
    ],
)
def test_a_cache_that_is_not_there_is_said(with_store: Path, clinsynth: Command, words: list[str], said: str) -> None:
    found = clinsynth("cache", *words)
    assert found.status == 2
    assert said in " ".join(found.err.split())


def odd_reply(draw: random.Random, texts: list[str], *, name: str) -> dict[str, Any]:
    """A body that a server sends for an answer: a layout, or what is none."""
    text = filled((LAYOUTS | NOTHING)[name], draw.sample(texts, 3))
    ended = draw.choice(["stop"] * 6 + ["length", "content_filter", "MAX_TOKENS", None])
    content = draw.choice([text] * 9 + [None, "", " \n", [{"type": "text", "text": text}]])
    message = draw.choice([{"role": "assistant", "content": content}] * 15 + [None])
    return {"object": "chat.completion", "model": "m", "choices": [{"message": message, "finish_reason": ended}]}


def test_of_odd_replies_nothing_is_cached_that_is_no_answer(
    generate: Run, server: MockServer, with_store: Path
) -> None:
    draw = random.Random(17)
    texts = [
        f"The {disease} of man {number} was seen by nobody." for number in range(40) for disease in ("gout", "flu")
    ]
    names = [draw.choice([*LAYOUTS, *NOTHING]) for _ in range(400)]
    server.behave(bodies=[json.dumps(odd_reply(draw, texts, name=name)) for name in names])
    words = ("generation.per_request=3", "generation.on_missing=skip", "quality.unit=false", "units.max=60")
    assert generate("size=n9", *words).status == 0
    assert server.asked()["answered"] >= 150
    with sqlite3.connect(with_store / "artifacts" / "completions.db") as database:
        cached = database.execute("SELECT completion, finish_reason FROM completions").fetchall()
    assert len(cached) > 80
    assert [row for row in cached if lack(row[0], ended=row[1])] == []
    (corpus,) = with_store.glob("artifacts/corpus-*")
    kept = {row["text"] for row in rows(corpus / "examples.jsonl")}
    assert {text for text in kept if not text.startswith("In visit")} <= set(texts)  # as it answers when those are out
    assert all(row["reason"] for row in rows(corpus / "rejected.jsonl"))
