"""Several servers of one model, such as vLLM on some nodes, as one: each request goes to the one with least to do.

A server that is gone, or broken, is left out for a while, and what it was asked is asked of another one at once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from clinsynth.llm.servers.base import ErrorKind, Server, ServerAnswer, ServerError
from clinsynth.types import Request

FIRST_REST, LONGEST_REST = 2.0, 60.0
"""Seconds for which a server is left out that has failed; twice as long after each failure."""


@dataclass
class Member:
    """One of the servers, and how it fares; changed as it is asked."""

    address: str
    server: Server
    busy: int = 0
    asked: int = 0
    failures: int = 0
    """Since its last answer."""
    back_at: float = 0.0
    """When it is asked again, on the clock of `time.monotonic`."""

    def fail(self) -> None:
        """Leave it out for a while, and say so the first time."""
        rest = min(LONGEST_REST, FIRST_REST * 2.0**self.failures)
        if not self.failures:
            print(f"{self.address} does not answer: others are asked, and it again in {rest:.0f} s.", flush=True)
        self.failures += 1
        self.back_at = time.monotonic() + rest

    def answer(self) -> None:
        """Count it as alive again."""
        if self.failures:
            print(f"{self.address} answers again.", flush=True)
        self.failures = 0


class SeveralServers:
    """Asks one of its members."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for member in self.members:
            await self._stack.enter_async_context(member.server)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()

    async def ask(self, request: Request) -> ServerAnswer:
        tried: list[str] = []
        while True:
            member = self._least_loaded(tried)
            tried.append(member.address)
            member.busy += 1
            member.asked += 1
            try:
                answer = await member.server.ask(request)
            except ServerError as error:
                if not _is_its_own(error):
                    raise
                member.fail()
                if len(tried) == len(self.members):
                    raise
            else:
                member.answer()
                return answer
            finally:
                member.busy -= 1

    def _least_loaded(self, tried: Sequence[str]) -> Member:
        """Return the member to ask: of those that were not tried yet one that is not left out, if there is any.

        One that comes back from being left out gets a single request until it has answered.
        """
        now = time.monotonic()
        free = [member for member in self.members if member.address not in tried]

        def rank(member: Member) -> tuple[bool, int, int]:
            waits = member.back_at > now or (member.failures > 0 and member.busy > 0)
            return waits, member.busy, member.asked

        return min(free, key=rank)


def _is_its_own(error: ServerError) -> bool:
    """Say whether another server may fare better: this one is gone, broken, or of something else."""
    broken = error.kind is ErrorKind.passing and (error.status or 500) >= 500
    return broken or error.kind in (ErrorKind.unreachable, ErrorKind.garbled)
