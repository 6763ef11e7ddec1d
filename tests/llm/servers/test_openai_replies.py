from __future__ import annotations

import json
from typing import Any

import pytest

from clinsynth.llm.servers.base import ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.llm.servers.openai_replies import read_answer, read_error

TEXT = "1. Gout hurts.\n2. Gout is treated.\n"


def reply(content: Any = TEXT, *, finish_reason: Any = "stop", choice: Any = None, **other: Any) -> dict[str, Any]:
    made = {"message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    return {"id": "x", "model": "served", "choices": [made | (choice or {})]} | other


def read(found: Any) -> ServerAnswer:
    content = found if isinstance(found, bytes) else json.dumps(found).encode()
    return read_answer(content, request_id=None, model="asked")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (reply(), TEXT),
        (b"\xef\xbb\xbf" + json.dumps(reply()).encode(), TEXT),
        (json.dumps(reply()).encode("utf-16"), TEXT),
        (
            reply([{"type": "text", "text": "1. Gout hurts.\n"}, {"type": "text", "text": "2. Gout is treated.\n"}]),
            TEXT,
        ),
        (reply([{"type": "thinking", "thinking": "..."}, {"type": "output_text", "text": TEXT}]), TEXT),
        (reply([TEXT]), TEXT),
        (reply("1. Seen \ud83d\ude00."), "1. Seen 😀."),
        (reply("1. Seen \ud83d."), "1. Seen ."),
        (reply("1. Seen \ude00\ud83d"), "1. Seen "),
    ],
)
def test_text_is_read_in_many_forms(found: Any, text: str) -> None:
    assert read(found).text == text
    assert read(found).text.encode()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 50, "completion_tokens": 60}, Usage(50, 60)),
        ({"prompt_tokens": "50", "completion_tokens": "60"}, Usage(50, 60)),
        ({"prompt_tokens": 50.0, "prompt_tokens_details": {"cached_tokens": "7"}}, Usage(50, None, 7)),
        ({"prompt_tokens": 2**63, "completion_tokens": -1}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": "many", "prompt_tokens_details": "none"}, Usage()),
        ("110 tokens", Usage()),
        ([50, 60], Usage()),
        (None, Usage()),
    ],
)
def test_usage_that_is_no_count_is_not_known(usage: Any, expected: Usage) -> None:
    assert read(reply(usage=usage)).usage == expected


@pytest.mark.parametrize(
    ("found", "ended"),
    [
        (reply(finish_reason="MAX_TOKENS"), "length"),
        (reply(finish_reason=None), "stop"),
        (reply("1. Gout hur", finish_reason=None), "length"),
        (reply("1. Gout hur", finish_reason="content_filter"), "content filter"),
        (reply("1. Gout hur", choice={"error": {"code": 502, "message": "Connection lost."}}), "error"),
        (reply(choice={"message": None}), "stop"),
        (reply(None, choice={"message": {"content": None, "refusal": "I cannot."}}), "refusal"),
        (reply(None, choice={"message": {"content": None, "function_call": {"name": "f"}}}), "tool call"),
    ],
)
def test_the_end_is_read_in_many_words(found: Any, ended: str) -> None:
    assert read(found).finish_reason == ended


@pytest.mark.parametrize(
    ("found", "kind", "status", "said"),
    [
        ({"error": {"message": "Provider returned error", "code": 502}}, "passing", 502, "Provider returned error"),
        ({"error": {"message": "No such model", "code": "404"}}, "refused", 404, "No such model"),
        ({"error": "overloaded"}, "passing", None, "overloaded"),
        ({"error": {"message": "Pay.", "type": "insufficient_quota"}}, "quota", None, "Pay."),
        ({"error": {"message": "Blocked", "code": "content_filter"}}, "declined", None, "Blocked"),
        ({"choices": None, "message": "The model is loading"}, "garbled", None, "The model is loading"),
        ({"choices": None}, "garbled", None, '{"choices": null}'),
        ({"choices": []}, "garbled", None, '{"choices": []}'),
        ({"choices": [{"message": "text"}]}, "garbled", None, '{"message": "text"}'),
        (reply({"text": TEXT}), "garbled", None, "no completion"),
        (reply([7]), "garbled", None, "no completion"),
        ([reply()], "garbled", None, "no completion"),
        (b"", "garbled", None, "its answer is empty"),
        (b"upstream timed out", "garbled", None, "upstream timed out"),
        (
            b'data: {"error": "no stream for you"}\n\n',
            "garbled",
            None,
            'events, which was not asked for: data: {"error"',
        ),
        (
            b"<!doctype html><html><head><style>p {color: red}</style><title>502</title></head><p>Bad &amp; sad</p>",
            "garbled",
            None,
            "a web page: 502 Bad & sad",
        ),
        (b"[" * 200_000, "garbled", None, "[[[["),
        (b'{"choices": ' + b"9" * 5000 + b"}", "garbled", None, '{"choices": 999'),
        ({"error": json.loads('{"error": ' * 200 + '"deep"' + "}" * 200)}, "passing", None, ""),
    ],
)
def test_a_server_is_quoted_where_there_is_no_completion(found: Any, kind: str, status: int | None, said: str) -> None:
    with pytest.raises(ServerError) as raised:
        read(found)
    assert (raised.value.kind, raised.value.status) == (ErrorKind(kind), status)
    assert said in raised.value.said
    assert len(raised.value.said) < 400


@pytest.mark.parametrize(
    ("content", "status", "kind", "said"),
    [
        ({"error": {"message": "Too long."}}, 400, "declined", "Too long."),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, 422, "declined", "field required"),
        ({"message": "Slow down."}, 429, "passing", "Slow down."),
        ({"error": {"message": "Pay.", "code": "insufficient_quota"}}, 429, "quota", "Pay."),
        ("Payment required", 402, "quota", "Payment required"),
        ({"error": {"message": "flagged by moderation"}}, 403, "declined", "flagged"),
        ({"error": {"message": "No key."}}, 401, "refused", "No key."),
        ({"error": "content management policy"}, 500, "passing", "content management policy"),
        ("", 503, "passing", "otherwise"),
    ],
)
def test_an_error_is_of_a_kind(content: Any, status: int, kind: str, said: str) -> None:
    sent = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    error = read_error(sent, status=status, otherwise="otherwise")
    assert (error.kind, error.status) == (ErrorKind(kind), status)
    assert said in error.said
