"""How many requests are under way at once, and how fast new ones start."""

from __future__ import annotations

import asyncio
import time
from collections import deque


class RequestWindow:
    """A semaphore whose size follows what the server bears.

    It shrinks by `SHRINK`, at most once a round trip (as many outcomes as it is wide), and only
    when more than `TOLERATED` of them failed; otherwise it doubles back to its full size. Halving
    on every refusal, or growing by one, leaves most of the server's capacity unused.
    """

    SHRINK = 0.7
    TOLERATED = 0.2

    def __init__(self, size: int) -> None:
        self.full = self.size = size
        self.busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._outcomes = self._failures = 0

    async def enter(self) -> None:
        """Wait for a place; first come, first served, so that retries and new work take turns."""
        if self.busy < self.size and not self._waiting:
            self.busy += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # the place was given in the same moment
                self._leave()
            raise

    def leave(self, *, failed: bool) -> None:
        """Give the place back and say how the request went."""
        self._outcomes += 1
        self._failures += failed
        if self._outcomes >= self.size:
            if self._failures > self.TOLERATED * self._outcomes:
                self.size = max(1, int(self.size * self.SHRINK))
            else:
                self.size = min(self.full, self.size * 2)
            self._outcomes = self._failures = 0
        self._leave()

    def _leave(self) -> None:
        self.busy -= 1
        while self._waiting and self.busy < self.size:
            place = self._waiting.popleft()
            if not place.cancelled():
                self.busy += 1
                place.set_result(None)


class Pace:
    """Keeps starts below a number of requests and of tokens a minute, where there is a ceiling."""

    def __init__(self, *, requests_per_minute: int | None, tokens_per_minute: int | None) -> None:
        self._per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._next_request = self._next_token = 0.0

    async def wait(self, tokens: float) -> None:
        """Wait until a request of about so many tokens may start."""
        if not (self._per_request or self._per_token):
            return
        now = time.monotonic()
        start = max(now, self._next_request, self._next_token)
        self._next_request = start + self._per_request
        self._next_token = max(start, self._next_token) + tokens * self._per_token
        if start > now:
            await asyncio.sleep(start - now)

    def correct(self, tokens: float) -> None:
        """Count in that the last answer took so many tokens more (or fewer) than was thought."""
        self._next_token += tokens * self._per_token
