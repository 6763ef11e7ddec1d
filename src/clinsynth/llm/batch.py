"""The same answers for half the price and a day's patience: batches.

What is asked together is one batch. It is noted in the cache as soon as the server has taken it, so
that a rerun finds it again and pays for nothing twice. Answers and errors, one a row, go into the
same cache as those of `client`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clinsynth.errors import ClinsynthError, ConfigError
from clinsynth.llm import faults
from clinsynth.llm.account import Account, Limits
from clinsynth.llm.budget import Spend
from clinsynth.llm.progress import FollowUp, Watch, new_progress, nobody_watches, nothing_follows
from clinsynth.llm.servers.base import BatchServer, BatchState, BatchStatus, ServerError
from clinsynth.types import Request

ROUNDS = 3
"""How often a row that failed is submitted again in one session."""


class BatchClient:
    """Answers like `client.Client`, in rounds: what answers give rise to is the next batch."""

    def __init__(self, server: BatchServer, *, account: Account, limits: Limits, watch: Watch = nobody_watches) -> None:
        self.server, self.account, self.limits, self.watch = server, account, limits, watch
        self.cache, self.endpoint = account.cache, account.endpoint
        self.progress = new_progress(account.spend, concurrency=account.endpoint.concurrency)
        self._failed: dict[str, str] = {}
        """Key to what the server said, of rows that had no answer."""

    def answer(self, requests: Sequence[Request], *, follow_up: FollowUp = nothing_follows) -> Spend:
        """Submit, wait, merge, until nothing is left to ask; Ctrl-C leaves the batch at work for a rerun."""
        with self._connected():
            self._answer(requests, follow_up)
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

    def _answer(self, requests: Sequence[Request], follow_up: FollowUp) -> None:
        key = self.endpoint.cache_key
        waiting = {key(request): request for request in requests}
        asked: set[str] = set()
        attempts = 0
        while waiting:
            self.progress.known = len(asked | set(waiting))
            answered = self.account.look_up(waiting, paid=asked)
            more = [new for found, done in answered.items() for new in follow_up(waiting[found], done)]
            self.progress.answered += len(answered)
            left = {found: request for found, request in waiting.items() if found not in answered}
            waiting = left | {key(request): request for request in more}
            if answered or not left:
                attempts = 0
                continue
            attempts += 1
            if attempts > ROUNDS:
                reason = next((self._failed[key] for key in left if key in self._failed), "nothing")
                raise ConfigError(f"{len(left)} requests had no answer; the server says: {reason}.")
            self._work_off(waiting)
            asked |= set(waiting)

    def _work_off(self, waiting: dict[str, Request]) -> None:
        """Wait for the batches that hold these requests; submit those that are in none."""
        open_batches = self.cache.batches(self.endpoint.server)
        held = {key for keys in open_batches.values() for key in keys}
        new = {key: request for key, request in waiting.items() if key not in held}
        usd = self.account.spent_after(new.values())
        self.account.check_budget(
            usd, f"a batch of {len(new)} requests would bring the cost to about {usd:.4f} USD. Nothing of it was sent."
        )
        listed = list(new)
        for start in range(0, len(listed), self.server.most):
            some = listed[start : start + self.server.most]
            open_batches[self._submit({key: new[key] for key in some})] = some
        for batch, keys in open_batches.items():
            if set(keys) & set(waiting):
                self._await(batch, {key: waiting[key] for key in keys if key in waiting})

    def _submit(self, requests: dict[str, Request]) -> str:
        batch = self.server.submit(requests)
        self.cache.note_batch(batch, list(requests), server=self.endpoint.server)
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
        for key, answer in self.server.fetch(status):
            if key not in requests:
                continue
            if isinstance(answer, ServerError):
                self._failed[key] = self.endpoint.redacted(answer.said)[:200]
            else:
                self.account.store(key, requests[key], answer, asked_at=time.time())
