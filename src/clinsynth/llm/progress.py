"""How far a session with an LLM has come, and what it calls back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from clinsynth.llm.budget import Spend
from clinsynth.llm.window import RequestWindow
from clinsynth.types import Completion, Request

FollowUp = Callable[[Request, Completion], Iterable[Request]]
"""Requests that an answer gives rise to."""

Instead = Callable[[Request], Iterable[Request]]
"""Requests that are asked in the place of one that stays without an answer."""

Watch = Callable[["Progress"], None]


def nothing_follows(request: Request, completion: Completion) -> Iterable[Request]:
    return ()


def nothing_instead(request: Request) -> Iterable[Request]:
    return ()


def nobody_watches(progress: Progress) -> None:
    return None


@dataclass
class Progress:
    """The numbers of the live view."""

    spend: Spend
    window: RequestWindow
    known: int = 0
    """Requests that are known of by now."""
    answered: int = 0
    elsewhere: int = 0
    """Requests that another process is waiting for."""
    hits_before: int = 0
    """The part of `spend` that earlier questions to the same LLM count."""
    requests_before: int = 0
    given_up: int = 0
    """Requests that stay without an answer."""
    troubles: Counter[str] = field(default_factory=Counter)
    """What the server has said in the place of answers, and how often; the last comes last."""

    errors: Counter[str] = field(default_factory=Counter)
    """What came in the place of answers, by its kind: a status, or why it is no answer."""

    def note(self, said: str, *, kind: str) -> None:
        """Count what the server has said, and of which kind it is; adds to `troubles` and `errors`."""
        self.troubles[said] = self.troubles.pop(said, 0) + 1
        self.errors[kind] += 1


def new_progress(spend: Spend, *, concurrency: int) -> Progress:
    """Return the progress of a session that goes on from what was spent before, if anything was."""
    return Progress(spend, RequestWindow(concurrency), hits_before=spend.hits, requests_before=spend.requests)
