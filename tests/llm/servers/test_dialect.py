"""Servers that take other parameters than OpenAI's: each is asked once in vain, and rightly from then on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clinsynth.asking import clients
from clinsynth.config import LLMConfig
from clinsynth.config import Structured as StructuredName
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers import PROTOCOLS, dialect
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Structured
from clinsynth.llm.servers.dialect import body, dialect_of
from clinsynth.llm.servers.openai import OpenAIServer
from clinsynth.types import Request
from standins import Asked, Reply, StandIn, chat, openai_error, refuses_parameters, responses

SCHEMA = {"type": "object", "properties": {"texts": {"type": "array"}}}
MESSAGES = ({"role": "user", "content": 'Please provide 1 sentences containing the words "gout". Thank you.'},)
REQUESTS = [Request(f"d/sentences/gout#{number}", MESSAGES) for number in range(6)]


def endpoint(server: StandIn, **given: Any) -> Endpoint:
    return Endpoint(PROTOCOLS["openai"], model=given.pop("model", "m"), base_url=server.url, timeout_s=5.0, **given)


def ask(found: Endpoint, *, requests: list[Request] = REQUESTS) -> list[ServerAnswer]:
    async def run() -> list[ServerAnswer]:
        async with OpenAIServer(found) as server:
            first = [await server.ask(requests[0])]
            return first + list(await asyncio.gather(*map(server.ask, requests[1:])))

    return asyncio.run(run())


def test_a_reasoning_model_is_asked_without_what_it_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    renamed = {"max_tokens": "max_completion_tokens"}
    with StandIn(chat, refuses_parameters("max_tokens", "temperature", "top_p", instead=renamed)) as server:
        answers = ask(endpoint(server, temperature=0.5, top_p=0.9, max_tokens=100, seed=7))
    assert len(answers) == 6
    assert server.statuses == {400: 3, 200: 6}
    assert {(asked.body["max_completion_tokens"], asked.body["seed"]) for asked in server.asked[3:]} == {(100, 7)}
    said = capsys.readouterr().out
    assert said.count("takes no temperature for m") == said.count("takes no top_p for m") == 1


@pytest.mark.parametrize(
    ("reply", "left_out"),
    [
        ((422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}), {"seed"}),
        ((400, {"error": {"message": "property 'seed' is unsupported"}}), {"seed"}),
        ((400, [{"error": {"code": 400, "message": 'Unknown name "seed": Cannot find field.'}}]), {"seed"}),
        ((400, {"object": "error", "message": "seed is not supported", "param": None, "code": 400}), {"seed"}),
    ],
    ids=["fastapi", "groq", "google", "vllm"],
)
def test_refusals_of_others_are_understood(reply: Reply, left_out: set[str]) -> None:
    with StandIn(chat, lambda asked: reply if "seed" in asked.body else None) as server:
        found = endpoint(server, seed=1, temperature=0.5)
        assert len(ask(found)) == 6
        assert dialect_of(found).left_out == left_out
        assert all(asked.body["temperature"] == 0.5 for asked in server.asked)


@pytest.mark.parametrize(
    "reply",
    [
        openai_error(400, "Invalid value for 'temperature': 5 is not between 0 and 2.", param="temperature"),
        openai_error(400, "Unsupported parameter: 'stop' is not supported with this model.", param="stop"),
        openai_error(400, "Unsupported parameter: 'thinking' is not supported.", param="thinking"),
    ],
    ids=["a value out of range", "a parameter that decides the text", "one of llm.extra_body"],
)
def test_what_a_user_has_to_know_is_raised(reply: Reply) -> None:
    with StandIn(chat, lambda asked: reply) as server, pytest.raises(ServerError) as raised:
        ask(endpoint(server, temperature=5.0, stop=("###",), extra_body={"thinking": True}))
    assert raised.value.kind is ErrorKind.declined
    assert server.statuses == {400: 1}


def test_a_name_that_is_refused_either_way_is_raised() -> None:
    refused = refuses_parameters("max_tokens", "max_completion_tokens")
    with StandIn(chat, refused) as server, pytest.raises(ServerError):
        ask(endpoint(server, max_tokens=10))
    assert server.statuses == {400: 2}


def test_a_model_that_only_answers_over_the_responses_api_is_asked_there() -> None:
    def refused(asked: Asked) -> Reply | None:
        if asked.path.endswith("/chat/completions"):
            return openai_error(404, "This model is only supported in v1/responses and not in v1/chat/completions.")
        return None

    with StandIn(responses, refused) as server:
        answers = ask(endpoint(server, system="Be brief.", max_tokens=50, reasoning_effort="low"))
    assert server.statuses == {404: 1, 200: 6}
    sent = server.asked[-1].body
    assert [turn["role"] for turn in sent["input"]] == ["system", "user"]
    assert (sent["max_output_tokens"], sent["reasoning"], sent["store"]) == (50, {"effort": "low"}, False)
    assert answers[0].text.startswith("1. In visit 1 of 1 there was gout")
    assert (answers[0].finish_reason, answers[0].served_model, answers[0].usage.cached) == ("stop", "m-2026-01-01", 3)


@pytest.mark.parametrize(
    ("known", "fields"),
    [
        (("json_schema", "json_object"), "json_schema"),
        (("json_object",), "json_object"),
        ((), None),
    ],
)
def test_schemas_are_asked_for_in_the_best_way_a_server_takes(known: tuple[str, ...], fields: str | None) -> None:
    def refused(asked: Asked) -> Reply | None:
        how = asked.body.get("response_format")
        if how is None or how["type"] in known:
            return None
        return openai_error(400, f"Invalid parameter: 'response_format' of type '{how['type']}' is not supported.")

    with StandIn(chat, refused) as server:
        ask(endpoint(server), requests=[Request(found.id, MESSAGES, answer_schema=SCHEMA) for found in REQUESTS])
    assert server.statuses[400] == 2 - len(known)
    how = server.asked[-1].body.get("response_format")
    assert (how and how["type"]) == fields
    if fields == "json_schema":
        assert how["json_schema"]["schema"] == SCHEMA


def test_one_way_that_is_chosen_is_not_left() -> None:
    refusal = openai_error(400, "'response_format' is not supported.")
    with StandIn(chat, lambda asked: refusal) as server, pytest.raises(ServerError):
        ask(
            endpoint(server, structured=Structured.json_object),
            requests=[Request(REQUESTS[0].id, MESSAGES, answer_schema=SCHEMA)],
        )
    assert server.statuses == {400: 1}


def test_a_grammar_is_asked_for_in_the_servers_own_fields() -> None:
    found = Endpoint(PROTOCOLS["openai"], model="m", base_url="http://here/grammar", structured=Structured.grammar)
    sent = body(Request("d/p/u#0", MESSAGES, answer_schema=SCHEMA), endpoint=found)
    assert sent["structured_outputs"] == {"json": SCHEMA}
    assert sent["guided_json"] == sent["json_schema"] == SCHEMA


def test_fields_and_headers_of_a_users_own_are_sent() -> None:
    with StandIn(chat) as server:
        ask(
            endpoint(
                server,
                extra_body={"chat_template_kwargs": {"enable_thinking": False}},
                routing={"provider": {"sort": "price"}},
                extra_headers={"X-Title": "clinsynth"},
                organization="org-1",
                project="proj-1",
            )
        )
    asked = server.asked[0]
    assert asked.body["chat_template_kwargs"] == {"enable_thinking": False}
    assert asked.body["provider"] == {"sort": "price"}
    assert asked.headers["x-title"] == "clinsynth"
    assert (asked.headers["openai-organization"], asked.headers["openai-project"]) == ("org-1", "proj-1")


@pytest.mark.parametrize(
    ("model", "base_url", "name"),
    [
        ("o3-mini", None, "max_completion_tokens"),
        ("gpt-5-nano", None, "max_completion_tokens"),
        ("gpt-4o-mini", None, "max_tokens"),
        ("gpt-5-oss", "http://127.0.0.1:1/v1", "max_tokens"),
    ],
)
def test_openais_own_models_are_known_by_their_names(model: str, base_url: str | None, name: str) -> None:
    found = Endpoint(PROTOCOLS["openai"], model=model, base_url=base_url, max_tokens=10)
    assert body(REQUESTS[0], endpoint=found)[name] == 10


def test_what_a_server_refuses_is_known_to_the_next_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(asked: Asked) -> Reply | None:
        if "response_format" in asked.body:
            return openai_error(400, "'response_format' is not supported.")
        renamed = {"max_tokens": "max_completion_tokens"}
        return refuses_parameters("max_tokens", "temperature", instead=renamed)(asked)

    requests = [Request(f"d/sentences/gout#{number}", MESSAGES, answer_schema=SCHEMA) for number in range(9)]
    cache = CompletionCache(tmp_path / "completions.db")
    with StandIn(chat, refused) as server:
        config = LLMConfig(
            name="local",
            model="m",
            base_url=server.url,
            temperature=0.5,
            max_tokens=99,
            structured=StructuredName.auto,
        )
        clients.client(config, cache=cache).answer(requests[:1])
        assert server.statuses == {400: 4, 200: 1}
        found = dialect_of(clients.endpoint(config))
        dialect._dialect.cache_clear()  # as a process that has just begun
        clients.client(config, cache=cache).answer(requests[1:2])
        assert server.statuses == {400: 4, 200: 2}
        again = dialect_of(clients.endpoint(config))
        assert again is not found
        assert (again.left_out, again.longest, again.ways) == ({"temperature"}, "max_completion_tokens", [None])
        assert capsys.readouterr().out.count("takes no temperature for m") == 1
        dialect._dialect.cache_clear()
        with cache._database.writing():
            cache._database.execute("UPDATE dialects SET at = at - ?", (clients.REMEMBERED_S,))
        clients.client(config, cache=cache).answer(requests[2:3])
    assert server.statuses == {400: 8, 200: 3}  # it may have been updated since


@pytest.mark.parametrize("learnt", [{}, {"left_out": ["messages", 7], "longest": "size", "refused": [7]}])
def test_what_cannot_be_understood_is_not_remembered(learnt: dict[str, Any]) -> None:
    found = dialect.Dialect(server="s", model="m", structured=Structured.auto, own=False)
    before = found.learnt
    found.recall(learnt, keep=lambda learnt: None)
    assert found.learnt == before


CHANGING = {
    "top_p": 0.9,
    "seed": 1,
    "stop": ("###",),
    "reasoning_effort": "low",
    "system": "Be brief.",
    "extra_body": {"top_k": 5},
}
KEYLESS = {
    "routing": {"provider": {"sort": "price"}},
    "extra_headers": {"X-Title": "t"},
    "organization": "o",
    "project": "p",
    "api_version": "2024-10-21",
    "base_url": "http://elsewhere/v1",
    "structured": Structured.grammar,
}


def test_what_changes_an_answer_stands_in_its_key_and_nothing_else_does() -> None:
    def key(schema: Any = None, **given: Any) -> str:
        found = Endpoint(PROTOCOLS["openai"], model="m", temperature=1.0, **given)
        return found.cache_key(Request("d/p/u#0", MESSAGES, answer_schema=schema))

    keys = [key(), key(SCHEMA), *(key(**{name: value}) for name, value in CHANGING.items())]
    assert len(set(keys)) == len(keys)
    assert {key(**{name: value}) for name, value in KEYLESS.items()} == {key()}
