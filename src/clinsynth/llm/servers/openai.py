"""OpenAI's chat protocol, which many other servers speak too."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError, Usage
from clinsynth.types import Request

if TYPE_CHECKING:
    import openai

NO_KEY = "none"
"""For servers that want no key; the library insists on one."""


class OpenAIServer:
    """Asks over one pool of connections."""

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx2
        import openai

        quieten()
        self._endpoint = endpoint
        limits = httpx2.Limits(
            max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency, keepalive_expiry=60
        )
        timeout = httpx2.Timeout(endpoint.timeout_s, connect=10.0, pool=None)
        self._client = openai.AsyncOpenAI(
            api_key=endpoint.key or NO_KEY,
            base_url=endpoint.base_url,
            max_retries=0,  # the scheduling client's are interleaved with new work
            http_client=openai.DefaultAsyncHttpxClient(limits=limits, timeout=timeout),
        )
        self._create: Any = self._client.chat.completions.with_raw_response.create

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def ask(self, request: Request) -> ServerAnswer:
        with translated():
            raw = await self._create(**body(request, endpoint=self._endpoint))
        response = raw.http_response
        return read_answer(
            response.content, request_id=response.headers.get("x-request-id"), model=self._endpoint.model
        )


def body(request: Request, *, endpoint: Endpoint) -> dict[str, Any]:
    """Return what is sent for a request, directly or as a row of a batch."""
    return {"model": endpoint.model, "messages": list(request.messages)} | endpoint.sampling


def read_answer(content: bytes, *, request_id: str | None, model: str) -> ServerAnswer:
    """Return the completion in a response's body; raises ServerError where there is none."""
    try:
        found = json.loads(content.decode("utf-8"))
        choice = found["choices"][0]
        message = choice["message"]
    except (UnicodeDecodeError, json.JSONDecodeError, LookupError, TypeError) as error:
        raise ServerError(ErrorKind.garbled, f"{type(error).__name__}: {error}") from error
    said = found.get("usage") or {}
    details = said.get("prompt_tokens_details") or {}
    return ServerAnswer(
        text=str(message.get("content") or message.get("refusal") or ""),
        finish_reason="refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop"),
        served_model=str(found.get("model") or model),
        usage=Usage(said.get("prompt_tokens"), said.get("completion_tokens"), details.get("cached_tokens")),
        request_id=request_id,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise a ServerError for what the library raises."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        raise _refusal(error) from error
    except openai.APIError as error:
        cause = error.__cause__ or error
        raise ServerError(ErrorKind.unreachable, f"{type(cause).__name__}: {cause}") from error


def _refusal(error: openai.APIStatusError) -> ServerError:
    message = error.body.get("message") if isinstance(error.body, dict) else None
    return ServerError(
        _kind(error), str(message or error.message), status=error.status_code, wait_s=_wait(error.response.headers)
    )


def _kind(error: openai.APIStatusError) -> ErrorKind:
    if error.status_code == 429:
        return ErrorKind.quota if error.code == "insufficient_quota" else ErrorKind.passing
    passing = error.status_code >= 500 or error.status_code in (408, 409, 425)
    return ErrorKind.passing if passing else ErrorKind.refused


def _wait(headers: Any) -> float | None:
    """Return the seconds after which the server wants to be asked again; `None` where it says none, or a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            return max(0.0, float(headers.get(name) or "") * unit)
    return None


def quieten() -> None:
    """Silence lines of the libraries: they say one a request, and their debug lines hold headers."""
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
