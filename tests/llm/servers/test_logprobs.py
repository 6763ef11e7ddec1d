from __future__ import annotations

import json
import math
from itertools import accumulate
from typing import Any

import pytest

from clinsynth.asking import clients
from clinsynth.config import LLMConfig
from clinsynth.errors import ConfigError
from clinsynth.llm.servers import PROTOCOLS, connect
from clinsynth.llm.servers.base import Endpoint
from clinsynth.llm.servers.dialect import body
from clinsynth.llm.servers.logprobs import LEAST, aligned
from clinsynth.llm.servers.openai_replies import read_answer
from clinsynth.llm.servers.openai_responses import as_response, read_response
from clinsynth.types import Logprobs, Request

REQUEST = Request("d/p/u#0", ({"role": "user", "content": "Who?"},))


def rows(pieces: list[bytes], logprob: float = -0.5, *, with_bytes: bool = True) -> list[dict[str, Any]]:
    return [
        {"token": piece.decode("utf-8", "replace"), "logprob": logprob, "bytes": list(piece) if with_bytes else None}
        for piece in pieces
    ]


def chat(text: str, listed: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": listed}
    return json.dumps({"model": "m", "choices": [choice]}).encode()


@pytest.mark.parametrize(
    ("pieces", "text", "ends"),
    [
        ([b"1. ", b"gout", b"\n"], "1. gout\n", [3, 7, 8]),
        ([b"<think>", b"Hm", b"</think>", b"gout"], "gout", [4]),
        ([b"gout", b"<|im_end|>"], "gout", [4]),
        ([b"na\xc3", b"\xaf", b"ve"], "naïve", [3, 5]),
        (["café".encode(), " crème".encode()], "café crème", [4, 10]),
        ([b"a", b"b"], "ac", []),
        ([], "a", []),
        ([b"a"], "", []),
    ],
)
def test_tokens_are_put_beside_the_text_of_an_answer(pieces: list[bytes], text: str, ends: list[int]) -> None:
    answer = read_answer(chat(text, {"content": rows(pieces)}), request_id=None, model="m")
    assert [end for end, _ in answer.logprobs] == ends
    responses = {
        "model": "m",
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": text, "logprobs": rows(pieces)}]}],
    }
    assert read_response(json.dumps(responses).encode(), request_id=None, model="m").logprobs == answer.logprobs


def test_a_character_in_two_tokens_has_the_probability_of_both() -> None:
    assert aligned([(b"na\xc3", -0.5), (b"\xaf", -0.25), (b"ve", -1.0)], text="naïve") == ((3, -0.75), (5, -1.0))


@pytest.mark.parametrize(
    "listed",
    [
        None,
        {},
        {"content": None},
        [],
        {"content": [{}]},
        {"content": [{"token": "a", "logprob": None}]},
        {"content": 7},
    ],
)
def test_an_answer_is_read_whatever_stands_there(listed: Any) -> None:
    answer = read_answer(chat("a", listed), request_id=None, model="m")
    assert (answer.text, answer.logprobs) == ("a", ())


def test_servers_that_list_no_bytes_and_what_is_hardly_possible() -> None:
    tokens = [*rows([b"go"], -math.inf, with_bytes=False), *rows([b"ut"], 0.0, with_bytes=False)]
    expected: Logprobs = ((2, LEAST), (4, 0.0))
    assert read_answer(chat("gout", {"content": tokens}), request_id=None, model="m").logprobs == expected
    assert aligned([(b"a", math.nan)], text="a") == ()


def test_many_tokens_end_where_their_pieces_do() -> None:
    pieces = [word.encode() for word in ["", "crème", "brûlée", "日本", ""] * 50]
    text = b"".join(pieces).decode()
    found = aligned([(piece, -0.1) for piece in pieces], text=text)
    assert [end for end, _ in found] == list(accumulate(len(p.decode()) for p in pieces if p))


def test_they_are_asked_for_and_stand_in_no_key() -> None:
    plain, asked = (Endpoint(PROTOCOLS["openai"], model="m", base_url="http://a", logprobs=on) for on in (False, True))
    assert plain.cache_key(REQUEST) == asked.cache_key(REQUEST)
    assert "logprobs" not in body(REQUEST, endpoint=plain)
    sent = body(REQUEST, endpoint=asked)
    assert sent["logprobs"] is True
    assert as_response(sent)["include"] == ["message.output_text.logprobs"]
    assert "logprobs" not in as_response(sent)


@pytest.mark.parametrize("protocol", ["anthropic", "bedrock"])
def test_a_protocol_without_them_says_so(protocol: str) -> None:
    found = clients.endpoint(LLMConfig(name="x", protocol=protocol, model="m", logprobs=True))
    with pytest.raises(ConfigError, match="never say how likely"):
        connect(found)
