"""Strings that are planted in private gold, terms and notes: where they may turn up, and where never."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from clinsynth.learning.causal.serving import ChatServer
from clinsynth.llm import send_log
from clinsynth.stages import train
from support import TINY, Command, MockServer, Said

Run = Callable[..., Said]
ASKING = ("generate", "train", "zero_shot", "search_prompts", "analyse", "distill")
PLANTED = b"zqx"
"""All planted words begin so."""


@pytest.fixture
def private(with_store: Path) -> Path:
    """A dataset that does not say that it is public, a list of terms and notes of patients."""
    (with_store / "cfg" / "dataset").mkdir(parents=True)
    rows = {"train": ("zqxgout", "zqxtrain"), "test": ("zqxlupus", "zqxtest")}
    for split, (mention, word) in rows.items():
        sentences = [f"He\tO\nhad\tO\n{mention}{number}\tB-Disease\nof\tO\n{word}\tO\n.\tO\n" for number in range(8)]
        (with_store / f"{split}.tsv").write_text("\n".join(sentences), encoding="utf-8")
    (with_store / "bad.tsv").write_text("zqxgout\tB-Disease\nzqxbad X\n", encoding="utf-8")
    (with_store / "terms.txt").write_text("zqxterm\nzqxother\n", encoding="utf-8")
    (with_store / "notes.txt").write_text("He had zqxgout0 of zqxnote.\n", encoding="utf-8")
    (with_store / "cfg" / "dataset" / "mine.yaml").write_text(
        "defaults: [/schema/dataset/ner@_here_]\nname: mine\ntask: ner\nentity_type: Disease\n"
        "files: {train: {path: train.tsv}, test: {path: test.tsv}}\n",
        encoding="utf-8",
    )
    return with_store


MINE = ("dataset=mine", "--config-dir=cfg")
TERMS = ("dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease")
CONSENT = "generation.send_gold_text=true"
FEW = ("generation.per_request=5", "size=n5", "units.max=2", "annotator=llm")
TINIEST = tuple(word for word in TINY if not word.startswith("source."))


@pytest.fixture
def run(private: Path, clinsynth: Command, server: MockServer, tiny_bert: Path) -> Run:
    """Run a command with the mock server as its LLM and a tiny backbone, where it has them; look where it left text."""

    def told(*words: str, status: int = 0, prints: bool = False) -> Said:
        live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}") if words[0] in ASKING else ()
        tiny = (f"backbone.name_or_path={tiny_bert}", *TINIEST) if words[0] == "train" else ()
        said = clinsynth(*words, *live, *tiny)
        assert said.status == status, said.err
        assert prints or PLANTED not in (said.out + said.err).encode()
        assert places_with_text(private) == []
        return said

    return told


def places_with_text(folder: Path) -> list[str]:
    """Files that are no place for private text, and hold some."""
    places = ("mlruns/**/*", "**/*.log", "**/README.md", "**/failure.json", "artifacts/sent.jsonl*", "free/**/*")
    files = {path for place in places for path in folder.glob(place) if path.is_file()}
    return sorted(str(path.relative_to(folder)) for path in files if PLANTED in path.read_bytes().lower())


def test_without_consent_private_text_stays_where_it_is(run: Run, private: Path, server: MockServer) -> None:
    """In no request, log, traceback, card, export of the cache nor in MLflow, whatever the command."""
    for words in [
        ("generate", *MINE, *FEW),
        ("generate", *TERMS, *FEW),
        ("generate", *MINE, *FEW, "material=texts", "texts.path=notes.txt", "dataset.public=true"),
        ("zero_shot", *MINE),
        ("zero_shot", *MINE, "zero_shot.shots=2"),
        ("search_prompts", *MINE),
    ]:
        run(*words, status=2)
    for words in [("train", *MINE, *FEW, "source=synthetic"), ("analyse", *MINE, *FEW)]:
        run(*words, status=2, prints=True)  # a terminal is told which completion is missing
    run("train", *MINE, "-m", "source=original,synthetic", "dataset.files.train.path=bad.tsv", status=2)
    run("train", *MINE, "source=original", "tracking.table=t")
    (model,) = (private / "artifacts").glob("model-*")
    run("predict", "input=notes.txt", "output=found.jsonl", f"model={model}")
    run("export", f"model={model}", "to=exported")
    run("review", *MINE, "action=export", "review.n=2", "review.annotators=[ann]")
    run("convert", "from=train.tsv", "to=brat", "format=brat")
    run("sweep", "target=table7", "scale=smoke", "dry_run=true", "--config-dir=cfg", "--", "dataset=mine")
    for words in [("report", "table=t"), ("doctor",), ("store",), ("cache",)]:
        run(*words)
    run("cache", "action=export", "to=free/cache.jsonl")
    assert "zqxnote" in Path("found.jsonl").read_text(encoding="utf-8")  # which is the place of it
    assert not Path("artifacts", send_log.FILE).exists()
    assert server.asked()["requests"] == 0


def test_with_consent_the_log_counts_the_requests_that_carry_it(run: Run, private: Path, server: MockServer) -> None:
    run("generate", *MINE, *FEW, CONSENT)
    run("generate", *TERMS, *FEW, CONSENT)
    run("zero_shot", *MINE, "zero_shot.shots=2", CONSENT)
    run("search_prompts", *MINE, CONSENT, "rounds=1", "candidates=2", "samples=2", "requests=1")
    sent = [entry for _, entry, _ in send_log.entries(Path("artifacts", send_log.FILE)) if entry]
    carry = [PLANTED in body.encode() for body in server.bodies()]
    assert (len(carry), sum(carry)) == (len(sent), sum(entry.gold > 0 for entry in sent))
    assert sum(carry) >= 16
    run("train", *MINE, *FEW, "source=augmented", "tracking.table=t")
    run("train", *MINE, "-m", *FEW, "units.max=3", "source=synthetic", status=2)
    run("analyse", *MINE, *FEW)
    run("show", prints=True)
    run("export", "corpus=latest", "to=exported")
    run("review", "corpus=latest", "action=export", "review.n=2", "review.annotators=[ann]", prints=True)
    for words in [("report", "table=t"), ("cache", "action=audit"), ("cache", "action=verify")]:
        run(*words)


def test_a_bug_leaves_no_private_text_in_a_file(
    private: Path, clinsynth: Command, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its traceback may quote what it stumbled over: a terminal shows it, the notes on a sweep's jobs do not."""

    def stumbles(*_: object, **__: object) -> None:
        raise KeyError("zqxgout0")

    monkeypatch.setattr(train, "_judged", stumbles)
    words = ("train", *MINE, "-m", "source=original", f"backbone.name_or_path={tiny_bert}", *TINIEST)
    with pytest.raises(KeyError, match="zqxgout0"):
        clinsynth(*words)
    assert list(private.glob("multirun/**/failure.json"))
    assert places_with_text(private) == []


TALK = ("dataset=talk", "--config-dir=cfg", "backbone.max_length=128", "backbone.answer_pieces=4", "source=original")
LITTLE = ("trainer.epochs=1", "trainer.max_epochs=1", "trainer.min_steps=0", "trainer.accelerator=cpu")
DISTILLED = ("dataset=talk", "--config-dir=cfg", "distill.pieces=4", "distill.answers=2", *LITTLE)


@pytest.fixture
def talk(private: Path, clinsynth: Command, server: MockServer, cache_home: Path) -> Run:
    """The same for private questions, with a chat model that has learnt to answer them."""
    for split in ("train", "test"):
        rows = [f"What is zqx{split}{number}?,It is zqxanswer{number}." for number in range(4)]
        (private / f"{split}.csv").write_text("\n".join(["question,answer", *rows]) + "\n", encoding="utf-8")
    (private / "cfg" / "dataset" / "talk.yaml").write_text(
        "defaults: [/schema/dataset/chat@_here_]\nname: talk\ntask: chat\n"
        "files: {train: {path: train.csv}, test: {path: test.csv}}\n",
        encoding="utf-8",
    )

    def told(*words: str, status: int = 0) -> Said:
        live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}") if words[0] in ASKING else ()
        said = clinsynth(*words, *live)
        assert said.status == status, said.err
        assert PLANTED not in (said.out + said.err).encode()
        assert places_with_text(private) == []
        return said

    told("train", *TALK, *LITTLE, "backbone=tiny_llama", "tracking.table=t")
    return told


def test_private_questions_are_for_the_model_of_the_house_alone(
    talk: Run, private: Path, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever judges its answers is shown them with consent, and the log counts what was sent."""
    talk("generate", "dataset=talk", "--config-dir=cfg", "size=n1", status=2)
    talk("zero_shot", "dataset=talk", "--config-dir=cfg", status=2)
    talk("distill", *DISTILLED, status=2)
    monkeypatch.setattr("sys.stdin", io.StringIO("What is zqxasked?\n"))
    talk("chat", "talk.pieces=4", "talk.accelerator=cpu", "talk.precision=32-true")
    assert server.asked()["requests"] == 0
    talk("distill", *DISTILLED, CONSENT, "tracking.table=t")
    sent = [entry for _, entry, _ in send_log.entries(Path("artifacts", send_log.FILE)) if entry]
    carry = [PLANTED in body.encode() for body in server.bodies()]
    assert (len(carry), sum(carry)) == (len(sent), sum(entry.gold > 0 for entry in sent))
    assert sum(carry) >= 4
    talk("report", "table=t")


def test_a_served_model_keeps_and_prints_nothing_of_what_it_is_asked(
    private: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether it answers or refuses; the answer itself is for whoever has asked."""

    class Says(list[str]):
        ended, usage = "stop", {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

    model: Any = SimpleNamespace(speech=lambda messages, **_: Says([messages[-1]["content"]]))
    with ChatServer(model, name="tiny", port=0, pieces=8, temperature=0.0) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        address = f"{served.url}/v1/chat/completions"
        said = requests.post(address, json={"messages": [{"role": "user", "content": "What is zqxasked?"}]}, timeout=30)
        assert "zqxasked" in said.text
        for kind, status in [("application/json", 400), ("text/plain", 415)]:
            broken = requests.post(address, data=b"zqxbroken {", headers={"Content-Type": kind}, timeout=30)
            assert broken.status_code == status
        assert requests.get(f"{served.url}/zqxpath", timeout=30).status_code == 404
        served.shutdown()
        thread.join()
    assert PLANTED not in "".join(capfd.readouterr()).encode()
    assert places_with_text(private) == []
