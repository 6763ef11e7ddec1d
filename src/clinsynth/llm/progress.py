"""How far a session with an LLM has come, and what it calls back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clinsynth.llm.budget import Spend
from clinsynth.llm.window import RequestWindow
from clinsynth.types import Completion, Request

FollowUp = Callable[[Request, Completion], Iterable[Request]]
"""Requests that an answer gives rise to."""

Watch = Callable[["Progress"], None]


def nothing_follows(request: Request, completion: Completion) -> Iterable[Request]:
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


def new_progress(spend: Spend, *, concurrency: int) -> Progress:
    """Return the progress of a session that goes on from what was spent before, if anything was."""
    return Progress(spend, RequestWindow(concurrency), hits_before=spend.hits, requests_before=spend.requests)
