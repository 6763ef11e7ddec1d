"""Requests to an LLM as MLflow's traces: what was asked, what came, how long it took and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mlflow import MlflowClient


@dataclass(frozen=True)
class Traced:
    """A request and what came back."""

    name: str
    """Dataset and prompt, as in `ncbi_disease/sentences`."""
    id: str
    """The request's own, which may hold text of gold."""
    messages: Sequence[Mapping[str, str]]
    text: str
    model: str
    tokens: tuple[int | None, int | None]
    """Read and written."""
    usd: float | None
    began: float
    """When it was sent and when the answer came, in seconds since 1970."""
    ended: float
    reason: str | None
    """The reason why what came is no answer; `None` for one."""


def write_traces(client: MlflowClient, found: Iterable[Traced], *, experiment: str, run_id: str, texts: bool) -> None:
    """Write traces that belong to a run; without `texts` they hold the sha256 and the length of each text alone."""
    for one in found:
        messages = [dict(message) for message in one.messages]
        if not texts:
            messages = [{"role": message["role"]} | _withheld(message["content"]) for message in messages]
        span = client.start_trace(
            one.name,
            span_type="CHAT_MODEL",
            inputs={"messages": messages},
            attributes=_attributes(one) | ({"id": one.id} if texts else {}),
            experiment_id=experiment,
            start_time_ns=round(1e9 * one.began),
            run_id=run_id,
        )
        client.end_trace(
            span.trace_id,
            outputs={"text": one.text} if texts else _withheld(one.text),
            status="OK" if one.reason is None else "ERROR",
            end_time_ns=round(1e9 * one.ended),
        )


def _withheld(text: str) -> dict[str, Any]:
    return {"sha256": sha256(text.encode()).hexdigest(), "characters": len(text)}


def _attributes(one: Traced) -> dict[str, Any]:
    read, written = (number or 0 for number in one.tokens)
    usage = {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
    found = {"model": one.model, "usd": one.usd, "no answer": one.reason}
    return {name: value for name, value in found.items() if value is not None} | {"mlflow.chat.tokenUsage": usage}
