"""OpenAI's Responses API, over which some of its models answer alone."""

from __future__ import annotations

import json
from typing import Any

from clinsynth.llm import endings
from clinsynth.llm.servers.base import ServerAnswer, Usage
from clinsynth.llm.servers.logprobs import read_logprobs
from clinsynth.llm.servers.openai_replies import no_completion, string, tokens, words

_LACKING = ("seed", "stop", "top_logprobs")
"""Parameters of Chat Completions that it does not have."""


def as_response(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a request to Chat Completions as the Responses API takes it."""
    found = {name: value for name, value in body.items() if name not in _LACKING}
    found["input"] = found.pop("messages")
    for name in ("max_tokens", "max_completion_tokens"):
        if name in found:
            found["max_output_tokens"] = found.pop(name)
    if effort := found.pop("reasoning_effort", None):
        found["reasoning"] = {"effort": effort}
    if found.pop("logprobs", None):
        found["include"] = ["message.output_text.logprobs"]
    if how := found.pop("response_format", None):
        found["text"] = {"format": {"type": how["type"], **how.get("json_schema", {})}}
    return {"store": False} | found


def read_response(content: bytes, *, request_id: str | None, model: str) -> ServerAnswer:
    """Return the completion in a response's body; raises ServerError where there is none."""
    try:
        found = json.loads(content)
        parts = [part for item in found["output"] if item.get("type") == "message" for part in item["content"]]
        text = "".join(string(part.get("text")) for part in parts if part.get("type") == "output_text")
        listed = [row for part in parts for row in part.get("logprobs") or ()]
        refusal = "".join(string(part.get("refusal")) for part in parts if part.get("type") == "refusal")
        ended = endings.ending(_word(found), text=text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise no_completion(content) from None
    if found.get("error"):
        ended, text = endings.BROKEN, words(found["error"])
    elif refusal:
        ended, text = endings.REFUSAL, text or refusal
    return ServerAnswer(
        text=text,
        finish_reason=ended,
        served_model=string(found.get("model")) or model,
        usage=_usage(found.get("usage")),
        request_id=request_id,
        logprobs=read_logprobs(listed, text=text),
    )


def _word(found: dict[str, Any]) -> str:
    """Return how it ended: the reason of an answer that is not complete, or its status."""
    details = found.get("incomplete_details")
    reason = string(details.get("reason")) if isinstance(details, dict) else ""
    return reason or string(found.get("status"))


def _usage(said: Any) -> Usage:
    counts = said if isinstance(said, dict) else {}
    details = counts.get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(tokens(counts.get("input_tokens")), tokens(counts.get("output_tokens")), tokens(cached))
