"""Anthropic's Messages as JSON: what is sent for a request, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from clinsynth.llm import endings
from clinsynth.llm.servers.base import Endpoint, ServerAnswer, Structured, Usage
from clinsynth.llm.servers.dialect import WAY, dialect_of
from clinsynth.llm.servers.openai_replies import no_completion, string, tokens
from clinsynth.llm.servers.prefixes import SHORTEST, SharedPrefix
from clinsynth.types import Request

MOST_TOKENS = 8192
"""The longest answer where `llm.max_tokens` sets no bound: this protocol insists on one."""

_CACHED = {"cache_control": {"type": "ephemeral"}}
_SAME = ("temperature", "top_p")


def body(request: Request, *, endpoint: Endpoint, prefix: SharedPrefix) -> dict[str, Any]:
    """Return what is sent for a request, with a note on how a schema is asked for."""
    dialect = dialect_of(endpoint)
    chosen = {name: value for name, value in endpoint.asked(request).items() if name not in dialect.left_out}
    found: dict[str, Any] = {
        "model": endpoint.model,
        "max_tokens": chosen.get("max_tokens", MOST_TOKENS),
        "messages": _turns(request.messages, prefix=prefix),
    }
    found |= {name: chosen[name] for name in _SAME if name in chosen}
    if endpoint.system:
        found["system"] = [_block(endpoint.system, cached=len(endpoint.system) >= SHORTEST)]
    if endpoint.stop:
        found["stop_sequences"] = list(endpoint.stop)
    output: dict[str, Any] = {}
    if effort := chosen.get("reasoning_effort"):
        output["effort"] = effort
    if request.answer_schema is not None and dialect.ways[0] in (Structured.json_schema, Structured.json_object):
        output["format"] = {"type": "json_schema", "schema": dict(request.answer_schema)}
        found[WAY] = dialect.ways[0]
    return found | ({"output_config": output} if output else {}) | dict(endpoint.extra_body) | dict(endpoint.routing)


def read_message(content: bytes, *, request_id: str | None, model: str) -> ServerAnswer:
    """Return the completion in a message; raises ServerError where there is none."""
    try:
        found = json.loads(content)
        blocks = found["content"]
        text = "".join(string(block.get("text")) for block in blocks if block.get("type") == "text")
        called = any(block.get("type") == "tool_use" for block in blocks)
        ended = endings.ending(string(found.get("stop_reason")), text=text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise no_completion(content) from None
    return ServerAnswer(
        text=text,
        finish_reason=endings.TOOL_CALL if called and not text else ended,
        served_model=string(found.get("model")) or model,
        usage=_usage(found.get("usage")),
        request_id=request_id,
    )


def _turns(messages: Sequence[dict[str, str]], *, prefix: SharedPrefix) -> list[dict[str, Any]]:
    """Return the turns; what all requests share is marked as such, which changes no answer."""
    *before, last = messages
    turns: list[dict[str, Any]] = [dict(turn) for turn in before]
    if turns and sum(len(turn["content"]) for turn in before) >= SHORTEST:
        turns[-1]["content"] = [_block(before[-1]["content"], cached=True)]
    shared, rest = prefix.split(last["content"])
    content: Any = [_block(shared, cached=True), _block(rest)] if shared else rest
    return [*turns, {"role": last["role"], "content": content}]


def _block(text: str, *, cached: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text} | (_CACHED if cached else {})


def _usage(said: Any) -> Usage:
    """Return tokens as others count them: those of the prompt include what was cached."""
    counts = said if isinstance(said, dict) else {}
    read, written = tokens(counts.get("cache_read_input_tokens")), tokens(counts.get("cache_creation_input_tokens"))
    prompt = tokens(counts.get("input_tokens"))
    whole = None if prompt is None else prompt + (read or 0) + (written or 0)
    return Usage(whole, tokens(counts.get("output_tokens")), read, written)
