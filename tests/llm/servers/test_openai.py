from __future__ import annotations

import asyncio

import httpx2
import openai
import pytest

from clinsynth.llm.servers import PROTOCOLS
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.llm.servers.openai import OpenAIServer, body, translated
from clinsynth.types import Request
from support import MockServer

TEXT = 'Please provide 1 sentences containing the words "gout". Thank you.'
REQUEST = Request("d/sentences/gout#0", ({"role": "user", "content": TEXT},), gold_characters=4)


def ask(url: str, *, timeout_s: float = 5.0) -> ServerAnswer:
    async def run() -> ServerAnswer:
        async with OpenAIServer(endpoint(url, timeout_s=timeout_s)) as server:
            return await server.ask(REQUEST)

    return asyncio.run(run())


def endpoint(url: str, *, timeout_s: float = 5.0, temperature: float | None = None) -> Endpoint:
    return Endpoint(PROTOCOLS["openai"], model="m", base_url=url, timeout_s=timeout_s, temperature=temperature)


def test_an_answer_is_read(server: MockServer) -> None:
    answer = ask(server.url)
    assert answer.text.startswith("1. In visit 1 of 1 there was gout seen by")
    assert (answer.finish_reason, answer.served_model) == ("stop", "m-0613")
    assert answer.usage == Usage(len(TEXT) // 5, len(answer.text) // 5, 0)
    assert answer.request_id == "req-1"


def test_a_request_holds_the_model_the_messages_and_the_sampling() -> None:
    messages = [{"role": "user", "content": TEXT}]
    assert body(REQUEST, endpoint=endpoint("http://127.0.0.1:1/v1")) == {"model": "m", "messages": messages}
    cool = endpoint("http://127.0.0.1:1/v1", temperature=0.0)
    assert body(REQUEST, endpoint=cool) == {"model": "m", "messages": messages, "temperature": 0.0}


@pytest.mark.parametrize(
    ("fault", "kind", "status", "said"),
    [
        ("500", ErrorKind.passing, 500, "told to say 500"),
        ("408", ErrorKind.passing, 408, "told to say 408"),
        ("429", ErrorKind.passing, 429, "told to say 429"),
        ("400", ErrorKind.declined, 400, "told to say 400"),
        ("404", ErrorKind.refused, 404, "told to say 404"),
        ("401", ErrorKind.refused, 401, "told to say 401"),
        ("drop", ErrorKind.unreachable, None, "RemoteProtocolError"),
        ("hang", ErrorKind.unreachable, None, "ReadTimeout"),
        ("garbled", ErrorKind.garbled, None, '{"choices": ['),
        ("not utf-8", ErrorKind.garbled, None, "1. In visit"),
        ("no choices", ErrorKind.garbled, None, 'there is no completion in its answer: {"object": "something else"}'),
    ],
)
def test_an_error_says_of_what_kind_it_is(
    server: MockServer, fault: str, kind: ErrorKind, status: int | None, said: str
) -> None:
    server.behave(faults=[fault])
    with pytest.raises(ServerError) as raised:
        ask(server.url, timeout_s=0.5)
    error = raised.value
    assert (error.kind, error.status) == (kind, status)
    assert said in error.said
    assert server.asked()["requests"] == 1  # the library sends nothing again


def refusal(status: int, *, code: str | None = None, **headers: str) -> ServerError:
    """What becomes of the library's error for such a response."""
    sent = httpx2.Request("POST", "http://127.0.0.1:1/v1/chat/completions")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=named, request=sent)
    with pytest.raises(ServerError) as raised, translated():
        raise openai.APIStatusError("a refusal", response=response, body={"message": "said", "code": code})
    return raised.value


def test_a_bill_that_is_to_be_paid_is_not_waited_for() -> None:
    assert refusal(429, code="insufficient_quota").kind is ErrorKind.quota
    assert refusal(402).kind is ErrorKind.quota
    assert refusal(429, code="rate_limit_exceeded").kind is ErrorKind.passing


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "7"}, 7.0),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
    ],
)
def test_the_server_may_say_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert refusal(503, **headers).wait_s == seconds
