"""OpenAI's chat protocol, which many other servers speak too."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from clinsynth.llm.servers.base import Endpoint, ErrorKind, ServerAnswer, ServerError
from clinsynth.llm.servers.openai_replies import error_of, read_answer, read_error
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
    found, status, wait_s = error.response, error.status_code, _wait(error.response.headers)
    if found.content:
        return read_error(found.content, status=status, otherwise=error.message, wait_s=wait_s)
    return error_of(error.body, status=status, said=error.message, wait_s=wait_s)


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
