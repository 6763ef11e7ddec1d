"""Conversations from the command line: self-chat, training, distillation with feedback, talking, serving, exports."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from clinsynth.learning.causal.opening import OpenedChat, open_chat
from clinsynth.learning.causal.serving import ChatServer
from clinsynth.learning.causal.tiny import tiny_llama
from clinsynth.llm.cache import CompletionCache
from support import Command, MockServer, killed, rows, summary

CPU = ("trainer.accelerator=cpu", "trainer.precision=32-true", "trainer.min_steps=0")
SMALL = (
    *("dataset=sample_chat", "backbone=tiny_llama", "backbone.max_length=256", "backbone.answer_pieces=8", *CPU),
    *("trainer.epochs=4", "trainer.max_epochs=4"),
)
FEEDBACK = (
    *("dataset=sample_chat", "distill.pieces=16", "backbone.lr=1e-2", "backbone.batch_size=8", *CPU),
    *("trainer.epochs=10", "trainer.max_epochs=10"),
)


@pytest.fixture
def trained(clinsynth: Command, with_store: Path, cache_home: Path) -> Path:
    """A workspace with a chat model."""
    said = clinsynth("train", *SMALL)
    assert said.status == 0, said.err
    return with_store


def live(server: MockServer) -> tuple[str, ...]:
    return ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.price.input=1", "llm.price.output=2")


def test_self_chat_then_training_lowers_the_perplexity_of_held_out_answers(clinsynth: Command, trained: Path) -> None:
    found = summary(trained)
    assert found["examples"] == 12
    assert found["test/perplexity"] < 0.9 * found["test/base_perplexity"]
    assert found["test/questions_in_train"] == 0
    assert "skipped" in clinsynth("train", *SMALL).out
    (model,) = trained.glob("artifacts/model-*")
    assert {"adapter_model.safetensors", "README.md", "clinsynth.json"} <= {path.name for path in model.iterdir()}
    assert "AutoPeftModelForCausalLM" in (model / "README.md").read_text()
    assert not list(trained.glob("artifacts/unfinished-*"))

    said = clinsynth("export", "model=latest", "to=out/model")
    assert said.status == 0, said.err
    assert (trained / "out/model/adapter_config.json").is_file()
    said = clinsynth("export", "corpus=latest", "to=out/corpus")
    assert said.status == 0, said.err
    first = rows(trained / "out/corpus/messages.jsonl")[0]["messages"]
    assert [message["role"] for message in first[:2]] == ["user", "assistant"]
    shared = json.loads((trained / "out/corpus/sharegpt.json").read_text())
    assert len(shared) == 12
    assert shared[0]["conversations"][0] == {"from": "human", "value": first[0]["content"]}
    again = clinsynth("show", "corpus=out/corpus", "samples=1")
    assert again.status == 0, again.err

    (trained / "asked.txt").write_text("What is gout?")
    said = clinsynth("predict", "model=latest", "input=asked.txt", "output=said.jsonl", "predict.accelerator=cpu")
    assert said.status == 0, said.err
    assert "1 answers" in " ".join(said.out.split())
    assert set(rows(trained / "said.jsonl")[0]) == {"text", "answer", "source"}


def test_feedback_raises_the_score_of_the_judge(clinsynth: Command, trained: Path, server: MockServer) -> None:
    told = clinsynth("distill", *FEEDBACK, *live(server), "generation.dry_run=true")
    assert told.status == 0, told.err
    assert "requests to send" in told.out
    assert server.asked()["requests"] == 0
    said = clinsynth("distill", *FEEDBACK, *live(server), "tracking.table=fed")
    assert said.status == 0, said.err
    found = distilled(trained)
    assert found["test/judge_mean"] > found["test/judge_mean_first"] + 5
    assert found["test/judge_mean_low"] <= found["test/judge_mean"] <= found["test/judge_mean_high"]
    assert found["test/win_rate"] > 0.5
    assert found["test/win_rate_unreadable"] == 0
    assert found["verdicts/read"] == 24
    asked = server.asked()["requests"]
    assert asked == 24 + 3 * 8 + 2 * 2 * 8
    verdicts = rows(Path(found["model"]) / "verdicts.jsonl")
    assert all(max(row["scores"]) <= 100 and len(row["scores"]) == len(row["answers"]) for row in verdicts)
    assert "skipped" in clinsynth("distill", f"model={_first(trained)}", *FEEDBACK, *live(server)).out
    clinsynth("distill", f"model={_first(trained)}", *FEEDBACK, *live(server), "force=true")
    assert server.asked()["requests"] == asked  # nothing is paid for twice


def distilled(folder: Path) -> dict[str, Any]:
    """The summary of the distillation that ran last."""
    found: dict[str, Any] = json.loads(max(folder.glob("outputs/distill/*/summary.json")).read_text())
    return found


def _first(folder: Path) -> Path:
    (found,) = folder.glob("artifacts/model-train-*")
    return found


def test_verdicts_that_cannot_be_read_are_counted(clinsynth: Command, trained: Path, server: MockServer) -> None:
    body = json.dumps(
        {
            "id": "a",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Fine."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1},
        }
    )
    server.behave(about={"What is asthma?": (200, body)})
    short = ("trainer.epochs=1", "trainer.max_epochs=1")
    said = clinsynth("distill", *FEEDBACK[:-2], *short, *live(server), "distill.objective=dpo")
    assert said.status == 0, said.err
    found = distilled(trained)
    assert (found["verdicts/read"], found["verdicts/unreadable"]) == (23, 1)
    server.behave(about={"Score each": (200, body)})
    said = clinsynth("distill", f"model={_first(trained)}", *FEEDBACK, *live(server), "distill.seed=1")
    assert said.status == 2
    assert "none of the 24 questions has a verdict that can be read" in said.err.replace("\n", " ")


def test_gold_answers_can_be_the_judge(clinsynth: Command, trained: Path) -> None:
    short = ("trainer.epochs=1", "trainer.max_epochs=1")
    said = clinsynth("distill", *FEEDBACK[:-2], *short, "distill.judge=reference")
    assert said.status == 0, said.err
    assert "24 of 24 verdicts can be read" in said.out
    found = distilled(trained)
    assert found["test/judge_mean"] == pytest.approx(100 * found["test/rouge_l"])  # of what a judge of likeness says
    assert 0 <= found["test/win_rate"] <= 1
    assert found["test/judge_mean_unreadable"] == 0


def test_a_kill_while_answers_are_ranked_pays_nothing_twice(
    clinsynth: Command, trained: Path, server: MockServer
) -> None:
    """Neither among the verdicts on training questions, nor among those that come after training."""
    words = ("distill", f"model={_first(trained)}", *FEEDBACK, *live(server), "llm.concurrency=1")
    put, come = CompletionCache.put, []

    def dies(self: CompletionCache, *given: Any, **how: Any) -> None:
        put(self, *given, **how)
        come.append(given)
        if len(come) in (9, 45):  # by then 24 + 12 others are there
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CompletionCache, "put", dies)
        for paid in (9, 45):
            with pytest.raises(Killed):
                clinsynth(*words)
            assert server.asked()["requests"] == paid
    said = clinsynth(*words)
    assert said.status == 0, said.err
    assert "training goes on from the checkpoint" in said.out
    assert server.asked()["requests"] == 24 + 3 * 8 + 2 * 2 * 8


class Killed(Exception):
    """Ends the process in the middle."""


def test_a_judge_scores_what_was_trained(
    clinsynth: Command, with_store: Path, cache_home: Path, server: MockServer
) -> None:
    words = ("train", *SMALL, "source=original", "judged.by=llm", *live(server))
    told = clinsynth(*words, "generation.dry_run=true")
    assert told.status == 0, told.err
    assert "requests to send 32" in " ".join(told.out.split())
    assert server.asked()["requests"] == 0
    said = clinsynth(*words)
    assert said.status == 0, said.err
    found = summary(with_store)
    assert server.asked()["requests"] == 2 * 8 + 2 * 8
    assert found["test/judge_mean_low"] <= found["test/judge_mean"] <= found["test/judge_mean_high"]
    assert 0 <= found["test/win_rate"] <= 1
    assert found["test/judge_mean_base"] > 0
    assert "skipped" in clinsynth(*words).out
    assert clinsynth(*words, "judged.by=reference", "trainer.epochs=1", "trainer.max_epochs=1").status == 0
    found = summary(with_store)
    assert found["test/judge_mean"] == pytest.approx(100 * found["test/rouge_l"])
    assert server.asked()["requests"] == 32


FSDP = ("trainer.devices=[0,1]", "trainer.strategy=fsdp")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "dataset=sample_chat"), "backbone=minilm is a model that marks and classifies texts"),
        (("train", "dataset=sample_ner", "backbone=tiny_llama"), "backbone=tiny_llama is a model that writes texts"),
        (("train", "judged.by=reference"), "judged.by=reference scores the answers of chat models"),
        (
            ("train", "dataset=sample_chat", "backbone=tiny_llama", "trainer.devices=[0,1]"),
            "this machine has 0 GPUs for it",
        ),
        (
            ("train", "trainer.precision=16-mixed", *FSDP),
            "trainer.precision=16-mixed is out of range: it has to be another with trainer.strategy=fsdp",
        ),
        (
            ("train", "dataset=sample_chat", "backbone=tiny_llama", "backbone.four_bit=true", *FSDP),
            "backbone.four_bit=true: a base in 4 bits is not divided among devices",
        ),
        (("train", "trainer.strategy=fsdp"), "trainer.devices=[] is out of range: it has to be several, as in [0,1]"),
        (("search_prompts", "dataset=sample_chat", "dataset.written=in_turns"), "a search compares prompts"),
        (("distill", "llm=openai"), "model=latest: there is no model in artifacts yet"),
        (("chat", "model=nowhere"), "model=nowhere is neither a folder nor an MLflow run"),
    ],
)
def test_what_does_not_go_together_is_one_paragraph(
    words: tuple[str, ...], said: str, clinsynth: Command, with_store: Path
) -> None:
    found = clinsynth(*words)
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err


def test_a_conversation_in_the_terminal(clinsynth: Command, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = "What is gout?\n\nAnd then?\n/new\nHello\n"
    told = ("chat", "talk.pieces=4", "talk.accelerator=cpu", "talk.precision=32-true")
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    said = clinsynth(*told)
    assert said.status == 0, said.err
    assert "nothing is kept" in said.out
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert clinsynth(*told, "keep=kept.jsonl").status == 0
    kept = rows(trained / "kept.jsonl")
    assert [[message["role"] for message in row["messages"]] for row in kept] == [
        ["user", "assistant"] * 2,
        ["user", "assistant"],
    ]


# The server


@pytest.fixture(scope="module")
def opened(cache_home: Path) -> OpenedChat:
    return open_chat(str(tiny_llama()), task="chat", batch_size=1, device="cpu", precision="32-true")


@pytest.fixture
def served(opened: OpenedChat) -> Iterator[str]:
    with ChatServer(opened, name="tiny", port=0, pieces=8, temperature=0.0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def test_openai_s_client_talks_to_it(served: str) -> None:
    from openai import OpenAI

    client = OpenAI(base_url=f"{served}/v1", api_key="none", max_retries=0)
    assert [model.id for model in client.models.list()] == ["tiny"]
    asked: Any = [{"role": "user", "content": "What is gout?"}]
    whole = client.chat.completions.create(model="tiny", messages=asked)
    text, usage = whole.choices[0].message.content, whole.usage
    assert text
    assert usage is not None
    assert 1 <= usage.completion_tokens <= 8
    assert whole.choices[0].finish_reason == ("length" if usage.completion_tokens == 8 else "stop")
    parts = client.chat.completions.create(model="tiny", messages=asked, stream=True)
    assert "".join(part.choices[0].delta.content or "" for part in parts) == text
    shorter = client.chat.completions.create(model="tiny", messages=asked, max_tokens=2)
    assert shorter.usage is not None
    assert shorter.usage.completion_tokens <= 2


def test_it_is_an_llm_of_ours(served: str, clinsynth: Command, with_store: Path) -> None:
    llm = ("llm=local", "llm.model=tiny", f"llm.base_url={served}/v1")
    said = clinsynth("generate", "dataset=sample_chat", "units.max=2", "generation.max_attempts=1", *llm)
    assert said.status == 2
    assert "is empty: no text of the LLM was kept" in " ".join(said.err.split())  # it knows no language


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Host": "evil.example"}, "{}", 403),
        ({"Origin": "https://evil.example"}, "{}", 403),
        ({"Content-Type": "text/plain"}, "{}", 415),
        ({}, "no json", 400),
        ({}, '{"messages": []}', 400),
        ({}, '{"messages": [{"role": "assistant", "content": "a"}]}', 400),
        ({}, '{"messages": [{"role": "user", "content": 3}]}', 400),
        ({}, '{"messages": [{"role": "user", "content": "a"}], "max_tokens": 0}', 400),
        ({}, '{"messages": [{"role": "user", "content": "a"}], "n": 2}', 400),
    ],
)
def test_what_it_refuses(headers: dict[str, str], body: str, status: int, served: str) -> None:
    sent = {"Content-Type": "application/json"} | headers
    found = requests.post(f"{served}/v1/chat/completions", data=body, headers=sent, timeout=30)
    assert found.status_code == status
    assert found.json()["error"]["message"]


def test_it_has_a_page_and_listens_on_this_machine_alone(served: str) -> None:
    page = requests.get(served, timeout=30)
    assert page.status_code == 200
    assert "/v1/chat/completions" in page.text
    assert "http" not in page.text.replace("http-equiv", "")  # nothing is fetched from elsewhere
    assert served.startswith("http://127.0.0.1:")
    assert requests.get(f"{served}/other", timeout=30).status_code == 404


# Killed


@pytest.mark.slow
def test_kill_9_in_training_and_the_same_command_goes_on(
    cache_home: Path, with_store: Path, clinsynth: Command
) -> None:
    words = ("train", *SMALL[:-2], "trainer.epochs=60", "trainer.max_epochs=60", "trainer.checkpoint_steps=5")
    killed(*words, when=lambda: bool(list(with_store.glob("artifacts/unfinished-*/last.ckpt"))), folder=with_store)
    assert not list(with_store.glob("artifacts/model-*"))
    said = clinsynth(*words)
    assert said.status == 0, said.err
    assert "training goes on from the checkpoint" in said.out


@pytest.mark.slow
def test_kill_9_in_self_chat_pays_for_nothing_twice(with_store: Path, server: MockServer, clinsynth: Command) -> None:
    server.behave(latency=0.3)
    words = ("generate", "dataset=sample_chat", *live(server), "llm.concurrency=2", "generation.max_attempts=1")
    killed(*words, when=lambda: server.asked()["requests"] >= 5, folder=with_store)
    server.behave(latency=0)
    assert clinsynth(*words).status == 0
    asked = server.asked()
    assert asked["different"] <= asked["requests"] <= asked["different"] + 2  # those that were under way


@pytest.mark.slow
def test_kill_9_while_answers_are_ranked_pays_for_nothing_twice(
    trained: Path, server: MockServer, clinsynth: Command
) -> None:
    server.behave(latency=0.3)
    words = ("distill", f"model={_first(trained)}", *FEEDBACK, *live(server), "llm.concurrency=2")
    killed(*words, when=lambda: server.asked()["requests"] >= 5, folder=trained)
    server.behave(latency=0)
    assert clinsynth(*words).status == 0
    asked = server.asked()
    assert asked["different"] == 24 + 3 * 8 + 2 * 2 * 8
    assert asked["requests"] <= asked["different"] + 2
