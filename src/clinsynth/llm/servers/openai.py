"""OpenAI's chat protocol, which many other servers speak too, and its Responses API."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from clinsynth.errors import ConfigError, redacted
from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.dialect import RESPONSES, body, dialect_of, unsent
from clinsynth.llm.servers.openai_replies import error_of, read_answer, read_error
from clinsynth.llm.servers.openai_responses import as_response, read_response
from clinsynth.types import Request

if TYPE_CHECKING:
    import openai

NO_KEY = "none"
"""For servers that want no key; the library insists on one."""

ADDRESS = "OPENAI_BASE_URL"
"""The variable by which OpenAI's library would ask another server than the one that was named."""

CHAT, RESPONSE = "/chat/completions", "/responses"


class OpenAIServer:
    """Asks over one pool of connections."""

    def __init__(self, endpoint: Endpoint, *, responses: bool = False) -> None:
        import httpx2
        import openai

        quieten()
        self._endpoint, self._dialect = endpoint, dialect_of(endpoint)
        self._dialect.uses_responses |= responses
        limits = httpx2.Limits(
            max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency, keepalive_expiry=60
        )
        timeout = httpx2.Timeout(endpoint.timeout_s, connect=10.0, pool=None)
        http = openai.DefaultAsyncHttpxClient(limits=limits, timeout=timeout, **endpoint.travel)
        self._client = self._open(endpoint, http)
        self._raw = httpx2.Response

    def _open(self, endpoint: Endpoint, http: Any) -> openai.AsyncOpenAI:
        import openai

        return openai.AsyncOpenAI(**options(endpoint), max_retries=0, http_client=http)  # the client's are interleaved

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def ask(self, request: Request) -> ServerAnswer:
        while True:
            responses = self._dialect.uses_responses
            sent = body(request, endpoint=self._endpoint) | ({RESPONSES: True} if responses else {})
            try:
                return await self._send(unsent(sent), responses=responses)
            except ServerError as error:
                if not self._dialect.learn(error, sent=sent):
                    raise

    async def _send(self, sent: dict[str, Any], *, responses: bool) -> ServerAnswer:
        path, content, read = (RESPONSE, as_response(sent), read_response) if responses else (CHAT, sent, read_answer)
        with translated():
            response = await self._client.post(path, cast_to=self._raw, body=content)
        return read(response.content, request_id=response.headers.get("x-request-id"), model=self._endpoint.model)


def options(endpoint: Endpoint) -> dict[str, Any]:
    """Return what the library's clients are opened with.

    Raises ConfigError where the environment names another address than the settings, which consent has named.
    """
    if endpoint.base_url is None and (elsewhere := os.environ.get(ADDRESS)):
        raise ConfigError(
            f"the variable {ADDRESS} names {redacted(elsewhere)}, and llm.base_url no address: give llm.base_url="
            f"{redacted(elsewhere)} to ask that server, or unset the variable. Nothing was asked."
        )
    return {
        "api_key": endpoint.key or NO_KEY,
        "base_url": endpoint.base_url,
        "organization": endpoint.organization,
        "project": endpoint.project,
        "default_headers": dict(endpoint.extra_headers) or None,
    }


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
    found, status, wait_s = error.response, error.status_code, wait_of(error.response.headers)
    if found.content:
        return read_error(found.content, status=status, otherwise=error.message, wait_s=wait_s)
    return error_of(error.body, status=status, said=error.message, wait_s=wait_s)


def wait_of(headers: Any) -> float | None:
    """Return the seconds after which the server wants to be asked again; `None` where it says none, or a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            return max(0.0, float(headers.get(name) or "") * unit)
    return None


def quieten() -> None:
    """Silence lines of the libraries: they say one a request, and their debug lines hold headers."""
    for name in ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
