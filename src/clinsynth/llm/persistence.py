"""Decides whether a request that has failed is sent again, is given up, or ends the session.

A failure that other requests do not have is one of the request: it is given up, and the others go on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from clinsynth.llm import faults
from clinsynth.llm.account import Account
from clinsynth.llm.servers.base import ErrorKind, NoAnswer, ServerError

Failure = ServerError | NoAnswer

TRIES = 3
"""How often a request is asked in one session that is answered with what is no answer."""

GARBLED_TRIES = 6
"""... and one whose answer cannot be read, while others can."""

FRUITLESS = 20
"""Failures of single requests after which the rest is not asked, where none has an answer."""


@dataclass
class Tries:
    """The tries to get one request answered."""

    began: float
    """On the clock of `time.monotonic`."""
    fresh: int
    """Answers that had come by then."""
    errors: int = 0
    lacks: int = 0


class Persistence:
    """How one session with a server bears its failures."""

    def __init__(self, account: Account, *, patience_s: float) -> None:
        self.account, self.patience_s = account, patience_s
        self._fruitless = 0
        self._last: Failure | None = None

    def begin(self) -> Tries:
        return Tries(time.monotonic(), self.account.spend.fresh)

    def until_next(self, failure: Failure, tries: Tries, *, longest: float, is_last: bool) -> float | None:
        """Return the seconds until the request is sent again, `None` where it is given up; changes `tries`.

        Raises what ends the session. `longest` is for how many seconds passing failures are borne; `is_last` says that
        no other request waits for its turn.
        """
        self._last = failure
        if isinstance(failure, NoAnswer) or failure.kind is ErrorKind.declined:
            return self._of_this_request(failure, tries)
        others_fare_better = self.account.spend.fresh > tries.fresh
        pause = faults.delay(failure, tries.errors)
        tries.errors += 1
        if not failure.lasting and time.monotonic() - tries.began + pause <= longest:
            hopeless = failure.kind is ErrorKind.garbled and others_fare_better and tries.errors >= GARBLED_TRIES
            return None if hopeless else pause
        if not failure.lasting and (others_fare_better or (is_last and self._is_likely_its_own(failure))):
            return None
        raise faults.explained(failure, endpoint=self.account.endpoint, patience_s=self.patience_s) from None

    def _is_likely_its_own(self, failure: ServerError) -> bool:
        """Say whether the server is there, and has answered others before."""
        spend = self.account.spend
        broken = failure.kind is ErrorKind.garbled or (failure.kind is ErrorKind.passing and failure.status != 429)
        return broken and spend.fresh + spend.hits > 0

    def check_fruit(self) -> None:
        """Raise what the user has to know where requests have failed one by one, and none has an answer."""
        spend, failure = self.account.spend, self._last
        if failure is None or spend.fresh + spend.hits:
            return
        if isinstance(failure, ServerError):
            raise faults.explained(failure, endpoint=self.account.endpoint, patience_s=self.patience_s) from None
        raise faults.without_answers(spend, endpoint=self.account.endpoint)

    def _of_this_request(self, failure: Failure, tries: Tries) -> float | None:
        tries.lacks += 1
        self._fruitless += 1
        if self._fruitless >= FRUITLESS:
            self.check_fruit()
        return None if isinstance(failure, ServerError) or tries.lacks >= TRIES else 0.0
