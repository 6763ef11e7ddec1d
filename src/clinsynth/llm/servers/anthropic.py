"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from clinsynth.llm.servers.anthropic_messages import body, read_message
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.dialect import dialect_of, unsent
from clinsynth.llm.servers.extras import extra
from clinsynth.llm.servers.openai import NO_KEY, quieten, wait_of
from clinsynth.llm.servers.openai_replies import read_error
from clinsynth.llm.servers.prefixes import SharedPrefix
from clinsynth.types import Request


class AnthropicServer:
    """Asks over one pool of connections."""

    def __init__(self, endpoint: Endpoint) -> None:
        anthropic = library()
        import httpx2

        quieten()
        self._endpoint, self._dialect, self._prefix = endpoint, dialect_of(endpoint), SharedPrefix()
        limits = httpx2.Limits(
            max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency, keepalive_expiry=60
        )
        timeout = httpx2.Timeout(endpoint.timeout_s, connect=10.0, pool=None)
        http = anthropic.DefaultAsyncHttpxClient(limits=limits, timeout=timeout, **endpoint.travel)
        self._client = anthropic.AsyncAnthropic(**options(endpoint), max_retries=0, http_client=http)
        self._raw = httpx2.Response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def ask(self, request: Request) -> ServerAnswer:
        while True:
            sent = body(request, endpoint=self._endpoint, prefix=self._prefix)
            try:
                return await self._send(unsent(sent))
            except ServerError as error:
                if not self._dialect.learn(error, sent=sent):
                    raise

    async def _send(self, sent: dict[str, Any]) -> ServerAnswer:
        with translated():
            response = await self._client.post("/v1/messages", cast_to=self._raw, body=sent)
        return read_message(response.content, request_id=response.headers.get("request-id"), model=self._endpoint.model)


def library() -> Any:
    """Return the library; raises ConfigError where it is not installed."""
    with extra("anthropic", protocol="anthropic"):
        import anthropic
    return anthropic


def options(endpoint: Endpoint) -> dict[str, Any]:
    """Return what the library's clients are opened with."""
    return {
        "api_key": endpoint.key or NO_KEY,
        "base_url": endpoint.base_url or endpoint.protocol.address,
        "default_headers": dict(endpoint.extra_headers) or None,
    }


@contextmanager
def translated() -> Iterator[None]:
    """Raise a ServerError for what the library raises."""
    anthropic = library()
    try:
        yield
    except anthropic.APIStatusError as error:
        found = error.response
        raise read_error(
            found.content, status=error.status_code, otherwise=error.message, wait_s=wait_of(found.headers)
        ) from error
    except anthropic.AnthropicError as error:
        cause = error.__cause__ or error
        raise ServerError(ErrorKind.unreachable, f"{type(cause).__name__}: {cause}") from error
