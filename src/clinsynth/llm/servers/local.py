"""A model that is opened in this process: no server, and nothing leaves the machine.

Requests that wait together are answered together, in batches of up to `llm.concurrency`. The model is opened when the
first answer is asked for, in the thread that generates, so that what the cache has needs no model.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, Self

from clinsynth.llm.servers.base import Endpoint, ServerAnswer
from clinsynth.types import Request

MOST_TOKENS = 2048
"""The longest answer where `llm.max_tokens` sets no bound."""
GATHERED_S = 0.02
"""Seconds in which requests that come together are gathered into one batch."""


class OpenedModel(Protocol):
    """A model that is in memory."""

    def answer(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        """Return an answer to each request, or why there is none."""


Waiting = tuple[Request, "asyncio.Future[ServerAnswer]"]


class LocalServer:
    """Answers in batches, one batch after another."""

    def __init__(self, endpoint: Endpoint, *, opens: Callable[[Endpoint], OpenedModel]) -> None:
        self.endpoint, self._open = endpoint, opens
        self._waiting: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llm")
        self._worker: asyncio.Task[None] | None = None
        self._opened: OpenedModel | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def ask(self, request: Request) -> ServerAnswer:
        future: asyncio.Future[ServerAnswer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        """Answer what waits, until nothing does; the next request begins anew."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(GATHERED_S)
            size = min(len(self._waiting), self.endpoint.concurrency)
            batch = [self._waiting.popleft() for _ in range(size)]
            try:
                answers = await loop.run_in_executor(self._thread, self._generate, [asked for asked, _ in batch])
            except Exception as error:
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    _settle(future, answer)

    def _generate(self, requests: Sequence[Request]) -> list[ServerAnswer | Exception]:
        if self._opened is None:
            self._opened = self._open(self.endpoint)
        return self._opened.answer(requests)


def _settle(future: asyncio.Future[ServerAnswer], answer: ServerAnswer | Exception) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
