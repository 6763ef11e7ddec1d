"""Each option of `conf/llm`, against a server that replies as that one does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

import standins
from clinsynth.llm.cache import CompletionCache
from standins import Asked, Reply, StandIn, openai_error
from support import TINY, Command, summary

CORPUS = ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10"]
QUICK = [word for word in TINY if not word.startswith("source.")]


def anthropic_error(status: int, kind: str, message: str) -> Reply:
    return status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def google_error(status: int, word: str, message: str) -> Reply:
    return status, [{"error": {"code": status, "message": message, "status": word}}]


def aws_error(status: int, kind: str, message: str) -> Reply:
    return status, {"message": message, "__type": kind}


def vllm_error(status: int, kind: str, message: str) -> Reply:
    return status, {"error": {"message": message, "type": kind, "param": None, "code": status}}


class Server(NamedTuple):
    """A server as its own documents and users describe it."""

    voice: standins.Voice
    model: str
    path: str
    """Of the requests."""
    given: tuple[str, ...] = ()
    root: bool = False
    """Whether `llm.base_url` is the address alone."""
    refusals: Mapping[str, tuple[Reply, str]] = MappingProxyType({})
    """By what is wrong its words, and a setting that the paragraph names."""


TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens."
KEY = "llm.api_key_env"
LENGTH = "generation.per_request"

SERVERS = {
    "openai": Server(
        standins.chat,
        "gpt-4o-mini",
        "/v1/chat/completions",
        refusals={
            "key": (openai_error(401, "Incorrect API key provided: sk-k3y.", code="invalid_api_key"), KEY),
            "model": (openai_error(404, "The model `gpt-9` does not exist.", code="model_not_found"), "llm.model"),
            "quota": (openai_error(429, "You exceeded your current quota.", code="insufficient_quota"), "bill"),
            "context": (openai_error(400, TOO_LONG, code="context_length_exceeded"), LENGTH),
            "filter": (
                openai_error(400, "Invalid prompt: it was flagged as violating our policy."),
                "prompt",
            ),
        },
    ),
    "azure": Server(
        standins.azure,
        "my-deployment",
        "/openai/v1/chat/completions",
        root=True,
        refusals={
            "key": (
                openai_error(401, "Access denied due to invalid subscription key or wrong API endpoint.", code="401"),
                KEY,
            ),
            "model": (
                openai_error(404, "The API deployment does not exist.", code="DeploymentNotFound"),
                "llm.model",
            ),
            "context": (openai_error(400, TOO_LONG, code="context_length_exceeded"), LENGTH),
            "filter": (
                openai_error(
                    400,
                    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
                    code="content_filter",
                ),
                "prompt",
            ),
        },
    ),
    "anthropic": Server(
        standins.anthropic,
        "claude-haiku-4-5",
        "/v1/messages",
        root=True,
        refusals={
            "key": (anthropic_error(401, "authentication_error", "invalid x-api-key"), KEY),
            "model": (anthropic_error(404, "not_found_error", "model: claude-9"), "llm.model"),
            "quota": (
                anthropic_error(400, "invalid_request_error", "Your credit balance is too low to access the API."),
                "bill",
            ),
            "context": (
                anthropic_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
                LENGTH,
            ),
            "filter": (
                anthropic_error(400, "invalid_request_error", "Output blocked by content filtering policy"),
                "prompt",
            ),
        },
    ),
    "gemini": Server(
        standins.gemini,
        "gemini-2.5-flash",
        "/v1/chat/completions",
        refusals={
            "key": (google_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), KEY),
            "model": (
                google_error(404, "NOT_FOUND", "models/gemini-9 is not found for v1main"),
                "llm.model",
            ),
            "context": (
                google_error(400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens."),
                LENGTH,
            ),
            "filter": (google_error(400, "INVALID_ARGUMENT", "The prompt was blocked: PROHIBITED_CONTENT"), "prompt"),
        },
    ),
    "bedrock": Server(
        standins.bedrock,
        "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
        "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        ("llm.region=eu-central-1",),
        root=True,
        refusals={
            "key": (
                aws_error(403, "UnrecognizedClientException", "The security token included in the request is invalid."),
                "AWS",
            ),
            "model": (aws_error(400, "ValidationException", "The provided model identifier is invalid."), "llm.model"),
            "context": (aws_error(400, "ValidationException", "Input is too long for requested model."), LENGTH),
        },
    ),
    "vllm": Server(
        standins.vllm,
        "Qwen/Qwen3-8B",
        "/v1/chat/completions",
        refusals={
            "key": ((401, {"error": "Unauthorized"}), KEY),
            "model": (vllm_error(404, "NotFoundError", "The model `x` does not exist."), "llm.model"),
            "context": (vllm_error(400, "BadRequestError", TOO_LONG), LENGTH),
        },
    ),
    "ollama": Server(
        standins.ollama,
        "llama3.1",
        "/v1/chat/completions",
        refusals={
            "model": (
                (404, {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}}),
                "llm.model",
            ),
            "address": ((404, b"404 page not found"), "llm.base_url"),
        },
    ),
    "llamacpp": Server(
        standins.llamacpp,
        "any",
        "/v1/chat/completions",
        refusals={
            "key": (
                (401, {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}),
                KEY,
            ),
            "context": (
                (
                    400,
                    {
                        "error": {
                            "code": 400,
                            "message": "the request exceeds the available context size, try increasing it",
                            "type": "exceed_context_size_error",
                        }
                    },
                ),
                LENGTH,
            ),
        },
    ),
    "lmstudio": Server(
        standins.lmstudio,
        "qwen3-8b",
        "/v1/chat/completions",
        refusals={
            "model": (
                (404, {"error": {"message": "No models loaded. Please load a model in the developer page."}}),
                "llm.model",
            ),
            "address": ((200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}), "llm.base_url"),
        },
    ),
    "openrouter": Server(
        standins.openrouter,
        "openai/gpt-4o-mini",
        "/v1/chat/completions",
        refusals={
            "key": ((401, {"error": {"message": "No auth credentials found", "code": 401}}), KEY),
            "model": ((400, {"error": {"message": "x/y is not a valid model ID", "code": 400}}), "llm.model"),
            "quota": ((402, {"error": {"message": "Insufficient credits.", "code": 402}}), "bill"),
            "filter": (
                (403, {"error": {"message": "Input was flagged", "code": 403, "metadata": {"reasons": ["violence"]}}}),
                "prompt",
            ),
            "inside": ((200, {"error": {"message": "Insufficient credits.", "code": 402}}), "bill"),
        },
    ),
}
NO_KEY = ("vllm", "ollama", "llamacpp", "lmstudio")
VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "azure": "AZURE_OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}

Served = Callable[..., tuple[StandIn, list[str]]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A stand-in for an option of `llm`, with the words that ask it; all keys are set."""
    for name in VARIABLES.values():
        monkeypatch.setenv(name, "sk-k3y")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sk-k3y")
    opened: list[StandIn] = []

    def serve(option: str, **behaviour: Any) -> tuple[StandIn, list[str]]:
        server = SERVERS[option]
        found = StandIn(server.voice, **behaviour).__enter__()
        opened.append(found)
        url = found.root if server.root else found.url
        return found, [f"llm={option}", f"llm.model={server.model}", f"llm.base_url={url}", *server.given]

    yield serve
    for found in opened:
        found.__exit__()


def crash(monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
    """Have the process end, as if it were killed, when it is about to store its answer number `at`."""
    put, times = CompletionCache.put, itertools.count(1)

    def ends(*given: Any, **named: Any) -> None:
        if next(times) == at:
            raise SystemExit(9)
        put(*given, **named)

    monkeypatch.setattr(CompletionCache, "put", ends)


@pytest.mark.parametrize("option", SERVERS)
def test_a_preset_makes_a_corpus_and_trains_a_model(
    option: str,
    with_store: Path,
    clinsynth: Command,
    served: Served,
    tiny_bert: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, words = served(option)
    with monkeypatch.context() as patch:
        crash(patch, at=3)
        with pytest.raises(SystemExit):
            clinsynth("generate", *words, *CORPUS, "llm.concurrency=1")
    assert len(server.asked) == 3
    said = clinsynth("generate", *words, *CORPUS)
    assert said.status == 0, said.err
    assert "4 requests (0 retries), 2 answers were there already" in said.out
    assert {asked.path.partition("?")[0] for asked in server.asked} == {SERVERS[option].path}
    assert server.statuses == {200: 7}
    assert summary(with_store)["examples"] == 60
    stored = list(CompletionCache(with_store / "artifacts" / "completions.db").rows())
    assert {row["model"] for row in stored} == {SERVERS[option].model}
    assert all((row["prompt_tokens"] is None) == (option == "lmstudio") for row in stored)
    said = clinsynth("train", *words, *CORPUS, f"backbone.name_or_path={tiny_bert}", *QUICK)
    assert said.status == 0, said.err
    assert "test/f1" in summary(with_store)
    assert len(server.asked) == 7
    assert "k3y" not in json.dumps([asked.body for asked in server.asked])


REFUSALS = [(option, wrong) for option, server in SERVERS.items() for wrong in server.refusals]


@pytest.mark.parametrize(("option", "wrong"), REFUSALS)
def test_what_is_wrong_is_one_paragraph_that_names_the_setting(
    option: str, wrong: str, with_store: Path, clinsynth: Command, served: Served
) -> None:
    reply, setting = SERVERS[option].refusals[wrong]
    server, words = served(option, refuses=lambda asked: reply)
    said = clinsynth("generate", *words, *CORPUS, "llm.concurrency=2", "llm.patience_s=1")
    assert said.status == 2
    assert setting in said.err
    assert "Traceback" not in said.err
    assert "k3y" not in said.err + said.out
    assert len(said.err.strip().split("\n\n")) == 1
    assert len(server.asked) <= 20


@pytest.mark.parametrize(
    ("base_url", "version", "path"),
    [
        ("", None, "/openai/v1/chat/completions"),
        ("/openai/v1", None, "/openai/v1/chat/completions"),
        ("", "2024-10-21", "/openai/deployments/dep/chat/completions?api-version=2024-10-21"),
        ("/openai", "2024-10-21", "/openai/deployments/dep/chat/completions?api-version=2024-10-21"),
        ("/openai/deployments/dep", "2024-10-21", "/openai/deployments/dep/chat/completions?api-version=2024-10-21"),
    ],
)
def test_azure_has_addresses_of_both_styles(
    base_url: str, version: str | None, path: str, with_store: Path, clinsynth: Command, served: Served
) -> None:
    server, _ = served("azure")
    words = ["llm=azure", "llm.model=dep", f"llm.base_url={server.root}{base_url}"]
    words += [f"llm.api_version={version}"] if version else []
    said = clinsynth("generate", *words, *CORPUS)
    assert said.status == 0, said.err
    assert {asked.path for asked in server.asked} == {path}
    assert {asked.headers["api-key"] for asked in server.asked} == {"sk-k3y"}


def test_azure_needs_an_address(with_store: Path, clinsynth: Command, served: Served) -> None:
    served("azure")
    said = clinsynth("generate", "llm=azure", "llm.model=dep", *CORPUS)
    assert said.status == 2
    assert "llm.base_url=https://NAME.openai.azure.com" in " ".join(said.err.split())


def test_anthropic_is_asked_with_its_own_names(with_store: Path, clinsynth: Command, served: Served) -> None:
    server, words = served("anthropic")
    given = ["llm.system=Be brief.", "llm.stop=[END]", "llm.top_p=0.9", "llm.max_tokens=500"]
    given.append("llm.reasoning_effort=low")
    assert clinsynth("generate", *words, *CORPUS, *given).status == 0
    sent = server.asked[0].body
    assert sent["system"] == [{"type": "text", "text": "Be brief."}]
    assert (sent["stop_sequences"], sent["top_p"], sent["max_tokens"]) == (["END"], 0.9, 500)
    assert sent["output_config"] == {"effort": "low"}
    headers = server.asked[0].headers  # which of the two depends on the version of the library
    assert "sk-k3y" in headers.get("x-api-key", headers.get("authorization", ""))


def test_a_model_of_anthropic_that_takes_no_temperature_is_asked_without(
    with_store: Path, clinsynth: Command, served: Served
) -> None:
    refusal = anthropic_error(400, "invalid_request_error", "`temperature` is deprecated for this model.")
    server, words = served("anthropic", refuses=lambda asked: refusal if "temperature" in asked.body else None)
    said = clinsynth("generate", *words, *CORPUS)
    assert said.status == 0, said.err
    assert "takes no temperature" in said.out
    assert server.statuses[200] == 6


def test_prices_of_the_kept_list_are_charged(with_store: Path, clinsynth: Command, served: Served) -> None:
    _, words = served("anthropic")
    said = clinsynth("generate", *words, *CORPUS, "llm.max_cost_usd=1")
    assert said.status == 0, said.err
    cache = CompletionCache(with_store / "artifacts" / "completions.db")
    for row in cache.rows():
        fresh = row["prompt_tokens"] - row["cached_tokens"]
        wanted = (fresh * 1.0 + row["cached_tokens"] * 0.1 + row["completion_tokens"] * 5.0) / 1e6
        assert row["cost_usd"] == pytest.approx(wanted)


def test_bedrock_without_credentials_says_so(
    with_store: Path, clinsynth: Command, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, words = served("bedrock")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = clinsynth("generate", *words, *CORPUS)
    assert said.status == 2
    assert "AWS_BEARER_TOKEN_BEDROCK" in said.err
    assert not server.asked


@pytest.mark.parametrize(("option", "module"), [("anthropic", "anthropic"), ("bedrock", "boto3")])
def test_a_library_that_is_missing_is_named(
    option: str, module: str, with_store: Path, clinsynth: Command, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, module, None)
    _, words = served(option)
    said = clinsynth("generate", *words, *CORPUS)
    assert said.status == 2
    assert f"pip install 'clinsynth[{option}]'" in " ".join(said.err.split())


def test_a_web_page_in_the_place_of_an_answer_is_told(with_store: Path, clinsynth: Command, served: Served) -> None:
    page = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"
    _, words = served("openai", refuses=lambda asked: (200, page))
    said = clinsynth("generate", *words, *CORPUS, "llm.patience_s=1")
    assert said.status == 2
    assert "a web page: Sign in Please sign in" in " ".join(said.err.split())


def test_a_model_that_only_thinks_has_not_answered(with_store: Path, clinsynth: Command, served: Served) -> None:
    def thinking(asked: Asked) -> Reply:
        return standins.chat(asked, None, finish="length", reasoning_content="Hm " * 50)  # type: ignore[arg-type]

    _, words = served("vllm", refuses=thinking)
    said = clinsynth("generate", *words, *CORPUS, "llm.concurrency=2")
    assert said.status == 2
    assert "thoughts cut off" in said.err
    assert "llm.max_tokens" in said.err
