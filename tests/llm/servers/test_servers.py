"""What is promised of servers: another one is one YAML, another protocol one file and one line."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Self

import pytest

import clinsynth as package
from clinsynth.errors import ConfigError, Unreachable
from clinsynth.llm import servers
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.faults import explained
from clinsynth.llm.servers.base import Endpoint, ErrorKind, LLMProtocol, ServerAnswer, ServerError
from clinsynth.types import Request
from mock_openai import written
from support import Command, MockServer, python, summary

SOURCES = Path(package.__file__).parent
CORPUS = ["generation.per_request=10", "units.max=6", "annotator=seed", "size=n10"]


class EchoServer:
    """Speaks a protocol of its own, and breaks for a moment when it is first asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint, self.asked = endpoint, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ask(self, request: Request) -> ServerAnswer:
        self.asked += 1
        if self.asked == 1:
            raise ServerError(ErrorKind.passing, "not now", wait_s=0.0)
        text = written(request.messages[-1]["content"], share=1.0, time_asked=1)
        return ServerAnswer(text, "stop", served_model=f"{self.endpoint.model}, served")


ECHO = LLMProtocol("Echo", "echo://here", EchoServer)


def test_another_protocol_is_one_file_and_one_line(
    with_store: Path, clinsynth: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(servers.PROTOCOLS, "echo", ECHO)
    words = ["generate", "llm=local", "llm.model=m", "llm.protocol=echo", *CORPUS]
    said = clinsynth(*words)
    assert said.status == 0, said.err
    assert "6 requests (1 retries), 0 answers were there already" in said.out
    assert summary(with_store)["examples"] == 60
    rows = list(CompletionCache(with_store / "artifacts" / "completions.db").rows())
    assert {(row["model"], row["served_model"]) for row in rows} == {("m", "m, served")}
    assert "0 requests (0 retries), 6 answers were there already" in clinsynth(*words).out


def test_a_protocol_stands_in_no_key(
    with_store: Path, clinsynth: Command, monkeypatch: pytest.MonkeyPatch, server: MockServer
) -> None:
    monkeypatch.setitem(servers.PROTOCOLS, "echo", ECHO)
    words = ["generate", "llm=local", "llm.model=m", *CORPUS]
    assert clinsynth(*words, "llm.protocol=echo").status == 0
    first = summary(with_store)
    assert clinsynth(*words, f"llm.base_url={server.url}").status == 0
    second = summary(with_store)
    assert (first["run_key"], first["corpus"]) == (second["run_key"], second["corpus"])
    assert server.asked()["requests"] == 0


def test_a_server_that_speaks_a_known_protocol_is_one_yaml(
    with_store: Path, clinsynth: Command, server: MockServer
) -> None:
    option = with_store / "conf" / "llm" / "mine.yaml"
    option.parent.mkdir(parents=True)
    option.write_text(f"name: mine\nmodel: m\nbase_url: {server.url}\n", encoding="utf-8")
    said = clinsynth("generate", "--config-dir=conf", "llm=mine", *CORPUS)
    assert said.status == 0, said.err
    assert summary(with_store)["examples"] == 60
    assert server.asked()["requests"] == 6


def test_a_protocol_that_nobody_speaks_is_said(
    with_store: Path, clinsynth: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(servers.PROTOCOLS, "echo", ECHO)
    said = clinsynth("generate", "llm=local", "llm.model=m", "llm.protocol=ecko", "generation.dry_run=true", *CORPUS)
    assert said.status == 2
    assert (
        "llm.protocol=ecko is not a protocol. Protocols: anthropic, azure, bedrock, echo, openai, responses, "
        "transformers" in " ".join(said.err.split())
    )


def test_batches_of_a_protocol_that_has_none_are_refused(
    with_store: Path, clinsynth: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(servers.PROTOCOLS, "echo", ECHO)
    said = clinsynth("generate", "llm=local", "llm.model=m", "llm.protocol=echo", "llm.mode=batch", *CORPUS)
    assert said.status == 2
    assert "Echo, which has no batches: leave it out, or choose llm.protocol=anthropic, azure, openai." in " ".join(
        said.err.split()
    )


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (
            ServerError(ErrorKind.unreachable, "OSError: k3y"),
            Unreachable,
            "echo://here cannot be reached (OSError: ***)",
        ),
        (ServerError(ErrorKind.garbled, "no text"), ConfigError, "does not answer as Echo's servers do: no text."),
        (
            ServerError(ErrorKind.quota, "pay k3y", status=429),
            ConfigError,
            "refused with status 429: pay ***. That is a matter of the account, and was not tried again",
        ),
        (
            ServerError(ErrorKind.refused, "no\n  such"),
            ConfigError,
            "refused: no such. See llm.model and llm.base_url.",
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, ServerError) else "",
)
def test_an_error_is_explained_without_its_server(error: ServerError, raised: type[Exception], said: str) -> None:
    found = explained(error, endpoint=Endpoint(ECHO, model="m", key="k3y"), patience_s=1.0)
    assert isinstance(found, raised)
    assert said in str(found)


def imports(path: Path) -> set[str]:
    """Modules that a file names in its imports, wherever they stand in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers(*modules: str) -> set[str]:
    """Files of the package that import one of these, or something in it."""

    def names(path: Path) -> bool:
        return any(f"{name}.".startswith(f"{module}.") for name in imports(path) for module in modules)

    return {path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.py") if names(path)}


@pytest.mark.parametrize(
    ("modules", "files"),
    [
        (
            ("openai", "httpx2", "anthropic", "boto3", "botocore"),
            {f"llm/servers/{name}.py" for name in ("openai", "openai_batch", "azure", "anthropic", "bedrock")},
        ),
        (
            ("clinsynth.llm.servers.openai", "clinsynth.llm.servers.openai_batch"),
            {
                "llm/servers/__init__.py",
                *(f"llm/servers/{name}.py" for name in ("openai_batch", "azure", "anthropic", "anthropic_batch")),
            },
        ),
    ],
)
def test_the_rest_of_the_house_knows_no_provider(modules: tuple[str, ...], files: set[str]) -> None:
    assert importers(*modules) == files


def test_settings_end_before_the_llm() -> None:
    assert not {path for path in importers("clinsynth.config") if path.startswith("llm/")}


def test_who_asks_nobody_loads_no_library() -> None:
    code = "import sys, clinsynth.stages.generate, clinsynth.stages.zero_shot; print(*sys.modules)"
    said = python("-c", code)
    assert said.status == 0, said.err
    loaded = said.out.split()
    assert "clinsynth.llm.servers.openai_batch" in loaded
    assert {"openai", "httpx2", "anthropic", "boto3", "genai_prices"} & set(loaded) == set()
