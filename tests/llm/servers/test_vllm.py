"""vLLM's offline engine, for which a small module of its names and signatures stands in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import standins
from clinsynth.llm import endings
from clinsynth.llm.servers import PROTOCOLS, connect
from clinsynth.llm.servers.base import Endpoint, ServerAnswer, ServerError, Structured
from clinsynth.types import Request
from support import Command, summary


@dataclass
class StructuredOutputsParams:
    json: Any = None
    json_object: bool | None = None


@dataclass
class SamplingParams:
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    stop: Any = None
    max_tokens: int | None = 16
    logprobs: int | None = None
    structured_outputs: StructuredOutputsParams | None = None


@dataclass
class LLM:
    """As vLLM's: it opens a model, and answers all conversations of a call; one that is too long spoils the call."""

    model: str
    dtype: str = "auto"
    seed: int = 0
    max_model_len: int = 4096
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.model == "nowhere":
            raise ValueError("Invalid repository ID or local directory specified: 'nowhere'")
        OPENED.append(self)

    def chat(
        self,
        messages: Sequence[Sequence[dict[str, str]]],
        sampling_params: Sequence[SamplingParams],
        use_tqdm: bool = True,
        chat_template_kwargs: dict[str, Any] | None = None,
    ) -> list[Any]:
        assert len(messages) == len(sampling_params)
        self.calls.append({"messages": messages, "params": sampling_params, "template": chat_template_kwargs})
        if any(len(turns[-1]["content"]) > self.max_model_len for turns in messages):
            raise ValueError("The decoder prompt is longer than the maximum model length of 4096.")
        return [_output(turns, params) for turns, params in zip(messages, sampling_params, strict=True)]


OPENED: list[LLM] = []


def _output(turns: Sequence[dict[str, str]], params: SamplingParams) -> Any:
    words = standins.said(turns[-1]["content"]).split(" ")
    pieces = [words[0], *(f" {word}" for word in words[1:])]
    kept = pieces[: params.max_tokens]
    steps = [{n: SimpleNamespace(logprob=-0.25, decoded_token=piece)} for n, piece in enumerate(kept)]
    found = SimpleNamespace(
        text="".join(kept),
        token_ids=list(range(len(kept))),
        logprobs=steps if params.logprobs is not None else None,
        finish_reason="stop" if len(kept) == len(pieces) else "length",
    )
    return SimpleNamespace(request_id="1", prompt_token_ids=[1, 2, 3], outputs=[found], num_cached_tokens=2)


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    library, sampling = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    vars(library).update(LLM=LLM, SamplingParams=SamplingParams)
    vars(sampling).update(StructuredOutputsParams=StructuredOutputsParams)
    monkeypatch.setitem(sys.modules, "vllm", library)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", sampling)
    OPENED.clear()


PROMPT = 'Please provide 3 sentences containing the words "gout". Thank you.'
SCHEMA = {"type": "object", "properties": {"texts": {"type": "array"}}}


def asked(prompt: str = PROMPT, **given: Any) -> Request:
    return Request("d/p/u#0", ({"role": "user", "content": prompt},), **given)


def ask(requests: Sequence[Request], **given: Any) -> list[Any]:
    endpoint = Endpoint(PROTOCOLS["vllm"], model=given.pop("model", "folder"), concurrency=4, **given)

    async def run() -> list[Any]:
        async with connect(endpoint) as server:
            return list(await asyncio.gather(*map(server.ask, requests), return_exceptions=True))

    return asyncio.run(run())


def test_it_makes_a_corpus(with_store: Path, clinsynth: Command) -> None:
    words = ["llm=vllm_offline", "llm.model=folder", "+llm.routing.engine={max_model_len: 5000}"]
    words += ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10"]
    said = clinsynth("generate", *words, "llm.logprobs=true")
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == 60
    (opened,) = OPENED
    assert (opened.model, opened.max_model_len) == ("folder", 5000)
    assert sum(len(call["messages"]) for call in opened.calls) == 6
    assert "6 answers were there already" in clinsynth("generate", *words).out
    assert len(OPENED) == 1


def test_what_is_asked_is_what_the_settings_say() -> None:
    given = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ("###",), "max_tokens": 9, "system": "Be brief."}
    body = {"top_k": 5, "chat_template_kwargs": {"enable_thinking": False}}
    (answer,) = ask([asked()], extra_body=body, **given)
    (call,) = OPENED[0].calls
    assert call["params"] == [SamplingParams(0.5, 0.9, 5, 7, ["###"], 9)]
    assert call["template"] == {"enable_thinking": False}
    assert [turn["role"] for turn in call["messages"][0]] == ["system", "user"]
    assert (answer.finish_reason, answer.usage.completion, answer.logprobs) == (endings.LENGTH, 9, ())
    assert (answer.usage.prompt, answer.usage.cached, OPENED[0].seed) == (3, 2, 7)


def test_tokens_come_with_their_probabilities() -> None:
    (answer,) = ask([asked()], logprobs=True)
    assert {logprob for _, logprob in answer.logprobs} == {-0.25}
    assert answer.logprobs[-1][0] == len(answer.text)


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        (Structured.auto, StructuredOutputsParams(json=SCHEMA)),
        (Structured.json_object, StructuredOutputsParams(json_object=True)),
    ],
)
def test_answers_are_held_to_a_schema(how: Structured, wanted: StructuredOutputsParams) -> None:
    ask([asked(answer_schema=SCHEMA)], structured=how)
    assert OPENED[0].calls[0]["params"][0].structured_outputs == wanted


def test_a_prompt_that_is_too_long_is_declined_alone() -> None:
    right, long = ask([asked(), asked("word " * 2000)])
    assert isinstance(right, ServerAnswer)
    assert isinstance(long, ServerError)
    assert long.reason == endings.TOO_LONG


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda patch: None, "llm.model=nowhere cannot be opened by vLLM: Invalid repository ID"),
        (lambda patch: patch.setitem(sys.modules, "vllm", None), "pip install 'clinsynth[vllm]'"),
    ],
)
def test_what_is_wrong_is_said(
    spoil: Callable[[pytest.MonkeyPatch], None],
    said: str,
    with_store: Path,
    clinsynth: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoil(monkeypatch)
    found = clinsynth("generate", "llm=vllm_offline", "llm.model=nowhere", "units.max=1", "size=n5")
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err
