"""The same answers for half the price and a day's patience: batches.

What is asked together is one batch. It is noted in the cache as soon as the server has taken it, so
that a rerun finds it again and pays for nothing twice. Answers and errors, one a row, go into the
same cache as those of `client`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from clinsynth.errors import ClinsynthError, ConfigError
from clinsynth.llm import faults
from clinsynth.llm.account import Account, Limits
from clinsynth.llm.budget import Spend
from clinsynth.llm.endings import CUT
from clinsynth.llm.persistence import Failure
from clinsynth.llm.progress import (
    FollowUp,
    Instead,
    Watch,
    new_progress,
    nobody_watches,
    nothing_follows,
    nothing_instead,
)
from clinsynth.llm.servers.base import (
    BatchServer,
    BatchState,
    BatchStatus,
    ErrorKind,
    NoAnswer,
    ServerAnswer,
    ServerError,
)
from clinsynth.types import Request

ROUNDS = 3
"""How often a row is submitted in one session that has no answer."""


class BatchClient:
    """Answers like `client.Client`, in rounds: what answers give rise to is the next batch."""

    def __init__(self, server: BatchServer, *, account: Account, limits: Limits, watch: Watch = nobody_watches) -> None:
        self.server, self.account, self.limits, self.watch = server, account, limits, watch
        self.cache, self.endpoint = account.cache, account.endpoint
        self.progress = new_progress(account.spend, concurrency=account.endpoint.concurrency)
        self._tries: Counter[str] = Counter()
        self._failed: dict[str, Failure] = {}
        """By key why rows of the last batches had no answer."""
        self._cut: set[str] = set()
        """The keys of those of them that were cut."""

    def answer(
        self, requests: Sequence[Request], *, follow_up: FollowUp = nothing_follows, instead: Instead = nothing_instead
    ) -> Spend:
        """Submit, wait, merge, until nothing is left to ask; Ctrl-C leaves the batch at work for a rerun."""
        with self._connected():
            self._answer(requests, follow_up=follow_up, instead=instead)
        return self.account.spend

    def cancel(self) -> int:
        """Cancel the batches that are at work; what they have answered by then is stored when they are asked again."""
        number = 0
        with self._connected():
            for batch in self.cache.batches(self.endpoint.server):
                state = self.server.cancel(batch)
                number += state is BatchState.working
                if state is BatchState.unknown:
                    self.cache.forget_batch(batch)
        return number

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Enter the server; its errors are explained."""
        try:
            with self.server:
                yield
        except ServerError as error:
            raise faults.explained(error, endpoint=self.endpoint, patience_s=self.limits.patience_s) from None

    def _answer(self, requests: Sequence[Request], *, follow_up: FollowUp, instead: Instead) -> None:
        key = self.endpoint.cache_key
        waiting = {key(request): request for request in requests}
        asked: set[str] = set()
        while waiting:
            self.progress.known = len(asked | set(waiting))
            answered = self.account.look_up(waiting, paid=asked)
            more = [new for found, done in answered.items() for new in follow_up(waiting[found], done)]
            self.progress.answered += len(answered)
            left = {found: request for found, request in waiting.items() if found not in answered}
            for hopeless in self._hopeless(left):
                more += instead(left.pop(hopeless))
            waiting = self._with_room(left) | {
                key(request): request for request in more if request.id not in self.account.spend.given_up
            }
            if waiting:
                self._work_off(waiting)
                asked |= set(waiting)
        self._check_fruit()

    def _with_room(self, requests: Mapping[str, Request]) -> dict[str, Request]:
        """Return requests with twice the room for an answer that was cut."""
        return {
            key: replace(request, room=2 * request.room) if key in self._cut else request
            for key, request in requests.items()
        }

    def _hopeless(self, requests: dict[str, Request]) -> list[str]:
        """Give up those of the requests that have failed too often; return their keys."""
        hopeless = []
        failed, self._failed = self._failed, {}
        self._cut = {key for key, why in failed.items() if isinstance(why, NoAnswer) and why.reason == CUT}
        for key, failure in failed.items():
            self._tries[key] += 1
            if isinstance(failure, ServerError) and failure.lasting:
                raise failure
            declined = isinstance(failure, ServerError) and failure.kind is ErrorKind.declined
            if key in requests and (declined or self._tries[key] >= ROUNDS):
                self.account.give_up(key, requests[key], failure)
                self.progress.given_up += 1
                hopeless.append(key)
        return hopeless

    def _check_fruit(self) -> None:
        """Raise ConfigError where nothing has an answer."""
        spend = self.account.spend
        if spend.given_up and not spend.fresh + spend.hits:
            told = faults.told(list(spend.given_up.values())[-1])
            raise ConfigError(f"{len(spend.given_up)} requests had no answer; the server says: {told}.")

    def _work_off(self, waiting: dict[str, Request]) -> None:
        """Wait for the batches that hold these requests; submit those that are in none."""
        open_batches = self.cache.batches(self.endpoint.server)
        held = {key for keys in open_batches.values() for key in keys}
        new = {key: request for key, request in waiting.items() if key not in held}
        usd = sum(map(self.account.spend.estimated_cost, new.values()))
        after = self.cache.spent() + usd
        self.account.check_budget(
            after,
            f"a batch of {len(new)} requests would bring the cost to about {after:.4f} USD, of all that "
            f"{self.cache.path} holds. Nothing of it was sent.",
        )
        self.account.check_caps(new)
        listed = list(new)
        for start in range(0, len(listed), self.server.most):
            some = listed[start : start + self.server.most]
            open_batches[self._submit({key: new[key] for key in some}, usd=usd * len(some) / len(new))] = some
        for batch, keys in open_batches.items():
            if set(keys) & set(waiting):
                self._await(batch, {key: waiting[key] for key in keys if key in waiting})

    def _submit(self, requests: dict[str, Request], *, usd: float) -> str:
        self.account.note_sent(requests.values())
        batch = self.server.submit(requests)
        self.cache.note_batch(batch, list(requests), server=self.endpoint.server, usd=usd)
        print(f"Submitted {len(requests)} requests as {batch}; a rerun finds it again.", flush=True)
        return batch

    def _await(self, batch: str, requests: dict[str, Request]) -> None:
        """Look until it has ended, then store its answers and forget it."""
        while (status := self.server.look(batch)).state is BatchState.working:
            self.watch(self.progress)
            time.sleep(self.limits.poll_s)
        self._store(status, requests)
        self.cache.forget_batch(batch)
        if status.state is BatchState.refused:
            said = self.endpoint.redacted(status.said)[:300]
            raise ClinsynthError(f"the batch {batch} was refused: {said or 'no reason was given'}.")

    def _store(self, status: BatchStatus, requests: dict[str, Request]) -> None:
        nothing = ServerError(ErrorKind.passing, "the batch ended without it")
        self._failed |= dict.fromkeys(requests, nothing)
        for key, answer in self.server.fetch(status):
            if key not in requests:
                continue
            failure = answer if isinstance(answer, ServerError) else self._stored(key, requests[key], answer)
            if failure is None:
                self._failed.pop(key, None)
            else:
                self._failed[key] = failure
                self.progress.note(self.endpoint.redacted(faults.told(failure)), kind=faults.kind(failure))

    def _stored(self, key: str, request: Request, answer: ServerAnswer) -> NoAnswer | None:
        return self.account.store(key, request, answer, asked_at=time.time())
