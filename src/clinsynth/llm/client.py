"""Asks a server for many completions at once, and loses none of the answers.

One sliding window, no barriers: a request that has to wait gives its place to the next one, and
what an answer gives rise to (its labels, a further request for the same unit) joins the queue at
once. Every answer is in the cache before anything else is done with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from clinsynth.errors import BudgetExceeded
from clinsynth.llm import faults
from clinsynth.llm.account import Account, Limits
from clinsynth.llm.budget import Spend, cost
from clinsynth.llm.claims import STALE
from clinsynth.llm.endings import CUT
from clinsynth.llm.others import Others
from clinsynth.llm.persistence import Failure, Persistence
from clinsynth.llm.progress import (
    FollowUp,
    Instead,
    Watch,
    new_progress,
    nobody_watches,
    nothing_follows,
    nothing_instead,
)
from clinsynth.llm.servers.base import NoAnswer, Server, ServerError
from clinsynth.llm.window import Pace
from clinsynth.types import Completion, Request

HEARTBEAT = 5
"""Seconds."""

APART = 0.004
"""Seconds between the first starts: a window that is filled at once comes back at once, wave after wave, and waits
in this process and in the server while both are idle between the waves."""

FIRST_CONTACT = 20.0
"""Seconds in which a server that has not answered yet has to be reached."""


class Client:
    """Questions to one server; `answer` raises what the user has to know, when all that came is stored."""

    def __init__(self, server: Server, *, account: Account, limits: Limits, watch: Watch = nobody_watches) -> None:
        self.server, self.account, self.limits, self.watch = server, account, limits, watch
        self.cache, self.endpoint = account.cache, account.endpoint
        self.progress = new_progress(account.spend, concurrency=self.endpoint.concurrency)
        self._pace = Pace(requests_per_minute=limits.requests_per_minute, tokens_per_minute=limits.tokens_per_minute)
        self._queue: deque[Request] = deque()
        self._keys: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._failure: Exception | None = None
        self._reached = False
        self._halt = asyncio.Event()
        self._others = Others(self.cache)
        self._persistence = Persistence(account, patience_s=limits.patience_s)

    def answer(
        self, requests: Sequence[Request], *, follow_up: FollowUp = nothing_follows, instead: Instead = nothing_instead
    ) -> Spend:
        """Get requests answered, from the cache where it can be; returns what it took, and what has no answer."""
        self._follow_up, self._instead = follow_up, instead
        try:
            asyncio.run(self._answer(requests))
        finally:
            self.cache.release()
        return self.account.spend

    async def _answer(self, requests: Sequence[Request]) -> None:
        async with self.server:
            heartbeat = asyncio.create_task(self._beat())
            try:
                self._add(requests)
                await self._run()
            except asyncio.CancelledError:  # Ctrl-C: what is under way is paid for
                self._failure = None
                await self._drain()
                raise
            finally:
                heartbeat.cancel()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, heartbeat, return_exceptions=True)
        if self._failure is not None:
            raise self._failure
        if self.progress.given_up:
            self._persistence.check_fruit()

    def _add(self, requests: Iterable[Request]) -> None:
        """Queue what is new; what the cache has is answered on the spot."""
        new = {}
        for request in requests:
            key = self.endpoint.cache_key(request)
            if key not in self._keys:
                self._keys.add(key)
                new[key] = request
        self.progress.known += len(new)
        found = self.account.look_up(new)
        for key, request in new.items():
            if key in found:
                self._answered(request, found[key])
            else:
                self._queue.append(request)
        self._changed.set()

    async def _run(self) -> None:
        """Start requests as places become free, until nothing is queued or under way."""
        started = 0
        while self._queue or self._tasks:
            while self._queue and not self._stopped:
                if started < self.endpoint.concurrency:
                    await asyncio.sleep(APART)
                await self.progress.window.enter()
                started += 1
                if self._stopped:
                    self.progress.window.leave(failed=False)  # and wake who waits for the place
                    break
                request = self._queue.popleft()
                task = asyncio.create_task(self._one(request))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            if self._stopped:
                self._queue.clear()
            self._changed.clear()
            if self._tasks and not self._queue:
                await self._changed.wait()
        self.watch(self.progress)

    async def _drain(self) -> None:
        """Start nothing more, and keep the answers that are under way."""
        self._queue.clear()
        self._halt.set()
        under_way = [task for task in self._tasks if not task.done()]
        if under_way:
            print(f"Stopping: waiting for {len(under_way)} answers under way (Ctrl-C again to leave them)", flush=True)
            await asyncio.wait(under_way, timeout=self.endpoint.timeout_s)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._halt.set()
            self._failure = self._failure or (error if isinstance(error, Exception) else RuntimeError(repr(error)))
        self._changed.set()

    async def _one(self, request: Request) -> None:
        """Get one answer, or give the request up; enters with a place in the window, and gives it back."""
        key, window, placed = self.endpoint.cache_key(request), self.progress.window, True
        tries = self._persistence.begin()
        try:
            while not self._stopped:
                if not await self._claim(key, request):
                    window.leave(failed=False)
                    placed = False
                    if await self._elsewhere(key, request):
                        return
                    await window.enter()
                    placed = True
                    continue
                failure = await self._attempt(key, request)
                window.leave(failed=isinstance(failure, ServerError))
                placed = False
                if failure is None:
                    return
                longest = self.limits.patience_s if self._reached else min(FIRST_CONTACT, self.limits.patience_s)
                pause = self._persistence.until_next(failure, tries, longest=longest, is_last=not self._queue)
                if pause is None:
                    self._give_up(key, request, failure)
                    return
                if isinstance(failure, NoAnswer) and failure.reason == CUT:
                    request = replace(request, room=2 * request.room)
                self.account.spend.retries += 1
                await self._pause(pause)
                await window.enter()
                placed = True
        finally:
            if placed:
                window.leave(failed=False)

    async def _attempt(self, key: str, request: Request) -> Failure | None:
        """Send it; what comes is stored before it is looked at. Returns what came in the place of an answer."""
        estimate = self.account.spend.estimate(request)
        tokens = (estimate.prompt or 0) + (estimate.completion or 0)
        try:
            await self._pace.wait(tokens)
            asked_at = time.time()
            self.account.note_sent([request])
            answer = await self.server.ask(request)
        except ServerError as error:
            self._reached = self._reached or error.reached
            return self._noted(error)
        self._reached = True
        usage = answer.usage
        self._pace.correct((usage.prompt or 0) + (usage.completion or 0) - tokens)
        lack = self.account.store(key, request, answer, asked_at=asked_at)
        if lack is None:
            self.account.spend.paid(request, usage, cost(usage, self.account.spend.price))
            model, text, ended = answer.served_model, answer.text, answer.finish_reason
            self._answered(request, Completion(request.id, model, text, ended, logprobs=answer.logprobs))
        return self._noted(lack)

    def _noted(self, failure: Failure | None) -> Failure | None:
        """Return a failure, which is shown from now on."""
        if failure is not None:
            self.progress.note(self.endpoint.redacted(faults.told(failure)), kind=faults.kind(failure))
        return failure

    def _give_up(self, key: str, request: Request, failure: Failure) -> None:
        self.account.give_up(key, request, failure)
        self.progress.given_up += 1
        self._add(self._instead(request))

    def _answered(self, request: Request, completion: Completion) -> None:
        self.progress.answered += 1
        self._add(self._follow_up(request, completion))

    async def _elsewhere(self, key: str, request: Request) -> bool:
        """Wait for the answer that another process has claimed; returns False where that one has given it up."""
        self.progress.elsewhere += 1
        try:
            while not self._stopped:
                if found := self.account.look_up({key: request}):
                    self._answered(request, found[key])
                    return True
                if not await self._others.wait(key) and not self._stopped:
                    return False
            return True
        finally:
            self.progress.elsewhere -= 1

    async def _claim(self, key: str, request: Request) -> bool:
        """Claim a request; waits for what others have under way before it says that the budget is used up."""
        deadline = time.monotonic() + 1.5 * STALE
        while True:
            try:
                return self.account.claim(key, request)
            except BudgetExceeded:
                if self._stopped or time.monotonic() > deadline or not self.cache.others_are_asking():
                    raise
                await self._pause(1.0)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the moment in which the session ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._halt.wait(), seconds)

    async def _beat(self) -> None:
        """Show the progress every second, and stay alive in the eyes of other processes."""
        for second in itertools.count(1):
            await asyncio.sleep(1)
            self.watch(self.progress)
            if second % HEARTBEAT == 0:
                self.cache.send_heartbeat()
            if self._stopped:
                self._others.give_up()
            self._others.look()

    @property
    def _stopped(self) -> bool:
        return self._halt.is_set()
