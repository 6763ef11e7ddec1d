"""Asks an OpenAI-compatible server for many completions at once, and loses none of the answers.

One sliding window, no barriers: a request that has to wait gives its place to the next one, and
what an answer gives rise to (its labels, a further request for the same unit) joins the queue at
once. Every answer is in the cache before anything else is done with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from clinsynth.config import LLMConfig, PriceConfig
from clinsynth.errors import BudgetExceeded, ConfigError
from clinsynth.llm import faults
from clinsynth.llm.budget import Spend, characters, cost
from clinsynth.llm.cache import Answer, CompletionCache, Usage, cache_key
from clinsynth.llm.window import Pace, Window
from clinsynth.types import Completion, Request

FollowUp = Callable[[Request, Completion], Iterable[Request]]
"""What an answer gives rise to."""

Watch = Callable[["Progress"], None]

HEARTBEAT = 5
"""Seconds."""

APART = 0.004
"""Seconds between the first starts: a window that is filled at once comes back at once, wave after wave, and waits
in this process and in the server while both are idle between the waves."""

FIRST_CONTACT = 20.0
"""Seconds in which a server that has not answered yet has to be reached."""

NO_KEY = "none"
"""For servers that want no key; the library insists on one."""


@dataclass
class Progress:
    """What the live view shows."""

    spend: Spend
    window: Window
    known: int = 0
    """Requests that are known of by now."""
    answered: int = 0
    elsewhere: int = 0
    """Requests that another process is waiting for."""
    hits_before: int = 0
    """Of `spend`, what earlier questions to the same LLM count."""
    requests_before: int = 0


def started(llm: LLMConfig, spend: Spend | None) -> Progress:
    """Goes on from what was spent before, if anything was."""
    spend = spend or Spend(llm.priced(), llm.max_tokens)
    return Progress(spend, Window(llm.concurrency), hits_before=spend.hits, requests_before=spend.requests)


def sampling(llm: LLMConfig) -> dict[str, Any]:
    """Parameters of a request beside its messages; they are part of the cache's key."""
    chosen = {"temperature": llm.temperature, "max_tokens": llm.max_tokens}
    return {name: value for name, value in chosen.items() if value is not None}


class Client:
    """Questions to one server; `answer` raises what the user has to know, when all that came is stored."""

    def __init__(
        self,
        llm: LLMConfig,
        *,
        cache: CompletionCache,
        watch: Watch = lambda progress: None,
        offline: bool = False,
        spend: Spend | None = None,
    ) -> None:
        self.llm, self.cache, self.watch = llm, cache, watch
        self.sampling = sampling(llm)
        self.model = llm.model or ""
        self.key = None if offline else api_key(llm)
        quieten()
        self.progress = started(llm, spend)
        self._pace = Pace(requests_per_minute=llm.requests_per_minute, tokens_per_minute=llm.tokens_per_minute)
        self._queue: deque[Request] = deque()
        self._keys: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._failure: Exception | None = None
        self._reached = False
        self._halt = asyncio.Event()
        self._in_flight_usd = 0.0

    def answer(self, requests: Sequence[Request], *, follow_up: FollowUp = lambda request, completion: ()) -> Spend:
        """Get every request answered, from the cache where it can be; returns what it took."""
        try:
            asyncio.run(self._answer(requests, follow_up))
        finally:
            self.cache.release()
        return self.progress.spend

    def estimate(self, requests: Sequence[Request], *, labelled: bool) -> Spend:
        """What `answer` would take, asking nobody; `labelled`: every answer is sent back once to be labelled."""
        spend = self.progress.spend
        found = self.cache.get([self._cache_key(request) for request in requests])
        for _, usage, usd in found.values():
            spend.found(usage, usd)
        planned = Spend(self.llm.priced(), self.llm.max_tokens, hits=len(found), usd=spend.usd, usd_before=spend.usd)
        for request in requests:
            if self._cache_key(request) in found:
                continue
            first = spend.estimate(request)
            rounds = [first]
            if labelled:
                rounds.append(Usage((first.prompt or 0) + (first.completion or 0), (first.completion or 0) // 3))
            for usage in rounds:
                planned.requests += 1
                planned.tokens_in += usage.prompt or 0
                planned.tokens_out += usage.completion or 0
                usd = cost(usage, self.llm.priced())
                planned.usd += usd or 0.0
                planned.unpriced += usd is None
            planned.sent_characters += characters(request)
            planned.gold_characters += request.gold_characters
        return planned

    async def _answer(self, requests: Sequence[Request], follow_up: FollowUp) -> None:
        limits = httpx2.Limits(
            max_connections=self.llm.concurrency, max_keepalive_connections=self.llm.concurrency, keepalive_expiry=60
        )
        timeout = httpx2.Timeout(self.llm.timeout_s, connect=10.0, pool=None)
        self._follow_up = follow_up
        async with openai.AsyncOpenAI(
            api_key=self.key or NO_KEY,
            base_url=self.llm.base_url,
            max_retries=0,  # ours are interleaved with new work
            http_client=openai.DefaultAsyncHttpxClient(limits=limits, timeout=timeout),
        ) as server:
            self._ask = server.chat.completions.with_raw_response.create
            heart = asyncio.create_task(self._beat())
            try:
                self._add(requests)
                await self._run()
            except asyncio.CancelledError:  # Ctrl-C: what is under way is paid for
                self._failure = None
                await self._drain()
                raise
            finally:
                heart.cancel()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, heart, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def _add(self, requests: Iterable[Request]) -> None:
        """Queue what is new; what the cache has is answered on the spot."""
        new = {}
        for request in requests:
            key = self._cache_key(request)
            if key not in self._keys:
                self._keys.add(key)
                new[key] = request
        self.progress.known += len(new)
        found = self.cache.get(new)
        for key, request in new.items():
            if key in found:
                completion, usage, usd = found[key]
                self.progress.spend.found(usage, usd)
                self._answered(request, completion)
            else:
                self._queue.append(request)
        self._changed.set()

    async def _run(self) -> None:
        """Start requests as places become free, until nothing is queued or under way."""
        started = 0
        while self._queue or self._tasks:
            while self._queue and not self._stopped:
                if started < self.llm.concurrency:
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
            await asyncio.wait(under_way, timeout=self.llm.timeout_s)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._halt.set()
            self._failure = self._failure or (error if isinstance(error, Exception) else RuntimeError(repr(error)))
        self._changed.set()

    async def _one(self, request: Request) -> None:
        """Get one answer; enters with a place in the window, and gives it back."""
        key, window, placed = self._cache_key(request), self.progress.window, True
        began, attempt = time.monotonic(), 0
        try:
            while not self._stopped:
                if not self.cache.claim(key):
                    window.leave(failed=False)
                    placed = False
                    if await self._elsewhere(key, request):
                        return
                    await window.enter()
                    placed = True
                    continue
                self._afford(request)
                error = await self._attempt(key, request)
                window.leave(failed=error is not None)
                placed = False
                if error is None:
                    return
                patience = self.llm.patience_s if self._reached else min(FIRST_CONTACT, self.llm.patience_s)
                pause = faults.delay(error, attempt)
                if not faults.passing(error) or time.monotonic() - began + pause > patience:
                    raise faults.explained(error, llm=self.llm, key=self.key) from None
                attempt += 1
                self.progress.spend.retries += 1
                await self._pause(pause)
                await window.enter()
                placed = True
        finally:
            if placed:
                window.leave(failed=False)

    async def _attempt(self, key: str, request: Request) -> Exception | None:
        """Send it; the answer is stored before it is looked at."""
        estimate = self.progress.spend.estimate(request)
        usd = cost(estimate, self.llm.priced()) or 0.0
        tokens = (estimate.prompt or 0) + (estimate.completion or 0)
        self._in_flight_usd += usd
        try:
            await self._pace.wait(tokens)
            asked_at = time.time()
            raw = await self._ask(model=self.model, messages=list(request.messages), **self.sampling)  # type: ignore[arg-type]
            response = raw.http_response
            answer = read_answer(
                response.content,
                response.headers.get("x-request-id"),
                asked_at,
                model=self.model,
                price=self.llm.priced(),
            )
        except (openai.APIError, faults.Garbled) as error:
            self._reached = self._reached or isinstance(error, openai.APIStatusError)
            return error
        finally:
            self._in_flight_usd -= usd
        self.cache.put(key, request, answer, model=self.model, sampling=self.sampling)
        self._reached = True
        usage = answer.usage
        self._pace.correct((usage.prompt or 0) + (usage.completion or 0) - tokens)
        self.progress.spend.paid(request, usage, answer.cost_usd)
        self._answered(request, Completion(request.id, answer.served_model, answer.text, answer.finish_reason))
        return None

    def _answered(self, request: Request, completion: Completion) -> None:
        self.progress.answered += 1
        self._add(self._follow_up(request, completion))

    async def _elsewhere(self, key: str, request: Request) -> bool:
        """Another process has claimed it: wait for its answer; False where that process is gone."""
        self.progress.elsewhere += 1
        try:
            while not self._stopped:
                found = self.cache.get([key])
                if found:
                    completion, usage, usd = found[key]
                    self.progress.spend.found(usage, usd)
                    self._answered(request, completion)
                    return True
                if self.cache.claim(key):
                    return False
                await asyncio.sleep(0.5)
            return True
        finally:
            self.progress.elsewhere -= 1

    def _afford(self, request: Request) -> None:
        """Raises BudgetExceeded where the request, with those under way, would cost more than may be spent."""
        cap, spend = self.llm.max_cost_usd, self.progress.spend
        if cap is None:
            return
        usd = spend.usd + self._in_flight_usd + spend.estimated_cost(request)
        if usd > cap:
            raise BudgetExceeded(
                f"llm.max_cost_usd={cap} would be exceeded: {spend.usd:.4f} USD are spent. All answers are kept: the "
                "same command with a higher cap goes on from there."
            )

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
                self.cache.beat()

    @property
    def _stopped(self) -> bool:
        return self._halt.is_set()

    def _cache_key(self, request: Request) -> str:
        return cache_key(request, model=self.model, sampling=self.sampling)


def api_key(llm: LLMConfig) -> str | None:
    if llm.api_key_env is None:
        return None
    key = os.environ.get(llm.api_key_env)
    if not key:
        raise ConfigError(
            f"the variable {llm.api_key_env} is not set: it has to hold the key of {llm.base_url or 'OpenAI'} "
            "(llm.api_key_env names it; null for a server that wants no key)."
        )
    return key


def read_answer(content: bytes, request_id: str | None, asked_at: float, *, model: str, price: PriceConfig) -> Answer:
    """The completion in a response's body; raises Garbled where there is none."""
    try:
        body = json.loads(content.decode("utf-8"))
        choice = body["choices"][0]
        message = choice["message"]
    except (UnicodeDecodeError, json.JSONDecodeError, LookupError, TypeError) as error:
        raise faults.Garbled(f"{type(error).__name__}: {error}") from error
    said = body.get("usage") or {}
    details = said.get("prompt_tokens_details") or {}
    usage = Usage(said.get("prompt_tokens"), said.get("completion_tokens"), details.get("cached_tokens"))
    return Answer(
        served_model=str(body.get("model") or model),
        text=str(message.get("content") or message.get("refusal") or ""),
        finish_reason="refusal" if message.get("refusal") else str(choice.get("finish_reason") or "stop"),
        usage=usage,
        cost_usd=cost(usage, price),
        request_id=request_id,
        asked_at=asked_at,
    )


def quieten() -> None:
    """The libraries say a line a request, and their debug lines hold headers."""
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
