"""The part that both ways of asking share: the answers of one LLM in the cache, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clinsynth.errors import BudgetExceeded
from clinsynth.llm.budget import CHARACTERS_PER_TOKEN, Cap, Spend, cost
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.endings import BROKEN, CUT, LENGTH, REFUSAL, lack
from clinsynth.llm.send_log import SendLog
from clinsynth.llm.servers.base import Endpoint, NoAnswer, ServerAnswer, ServerError, Usage
from clinsynth.llm.straying import strays
from clinsynth.types import Completion, Request


@dataclass(frozen=True)
class Limits:
    """How fast a server is asked, and for how long in vain."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Tokens of prompts and answers together."""
    patience_s: float = 300.0
    """A request that fails for a passing reason is sent again for so long."""
    poll_s: float = 30.0
    """Between two looks at a batch."""


@dataclass(frozen=True)
class FurtherRequests:
    """The requests that an answer gives rise to, for estimates."""

    number: int = 0
    characters: int = 0
    """What each shows beside the request and its answer: examples, rules."""
    shorter: bool = True
    """Whether their answers are a third as long: mentions are shorter than their sentences."""


NO_FURTHER = FurtherRequests()

Further = Callable[[Request], FurtherRequests]
"""Returns what the answer to a request gives rise to."""


def nothing_further(request: Request) -> FurtherRequests:
    """Return that an answer is the end of it."""
    return NO_FURTHER


class Heard(Protocol):
    """Somebody who is told of an answer: what it has cost, when it was asked for, and why it is none."""

    def __call__(
        self, request: Request, answer: ServerAnswer, *, usd: float | None, asked_at: float, reason: str | None
    ) -> None: ...


def nobody_hears(
    request: Request, answer: ServerAnswer, *, usd: float | None, asked_at: float, reason: str | None
) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Account:
    """One LLM with its cache and its bill; changes the cache and `spend`, which several goes may share."""

    endpoint: Endpoint
    cache: CompletionCache
    spend: Spend
    max_cost_usd: float | None = None
    """The most that may be spent, all sessions of this cache together; `None` is no end."""
    most_room: int = 1
    """How many times `llm.max_tokens` an answer may be long that was cut before; twice as many each time."""
    caps: tuple[Cap, ...] = ()
    """Further ends."""
    sent: SendLog | None = None
    """Where it is written down what is sent; `None` where nobody is asked."""
    heard: Heard = nobody_hears
    """Told of each answer that came."""
    _under_way: dict[str, tuple[float, int]] = field(default_factory=dict, repr=False)
    """By key the US dollars and tokens that requests under way will take."""

    def look_up(self, requests: Mapping[str, Request], *, paid: Container[str] = ()) -> dict[str, Completion]:
        """Return the completions that the cache has, by their keys; adds them to `spend`.

        Those of `paid` have come in this session, others were there before it.
        """
        found = self.cache.get(requests)
        for key, (_, usage, usd) in found.items():
            if key in paid:
                self.spend.paid(requests[key], usage, usd)
            else:
                self.spend.found(usage, usd)
        return {key: completion for key, (completion, _, _) in found.items()}

    def note_sent(self, requests: Iterable[Request]) -> None:
        """Write down requests that are sent now, each time that they are."""
        if self.sent is not None:
            self.sent.note(requests, to=self.endpoint.server, model=self.endpoint.model)

    def store(self, key: str, request: Request, answer: ServerAnswer, *, asked_at: float) -> NoAnswer | None:
        """Put an answer into the cache; what is none goes onto the bill alone, and is returned."""
        usd, model = cost(answer.usage, self.spend.price), self.endpoint.model
        sampling = self.endpoint.parameters(request)
        self._under_way.pop(key, None)
        reason = self._lack(answer, request)
        self.heard(request, answer, usd=usd, asked_at=asked_at, reason=reason)
        if reason is None:
            self.cache.put(key, request, answer, model=model, sampling=sampling, asked_at=asked_at, cost_usd=usd)
            return None
        said = self.endpoint.redacted(answer.text) if reason in (REFUSAL, BROKEN) else ""  # no piece of a text
        found = NoAnswer(reason, said, answer.usage)
        self.cache.note_no_answer(key, request, found, model=model, cost_usd=usd)
        self.spend.paid(request, answer.usage, usd)
        self.spend.lacked(found)
        return found

    def _lack(self, answer: ServerAnswer, request: Request) -> str | None:
        """Return why an answer is none, or is asked for again; `None` where it is kept."""
        reason = lack(answer.text, ended=answer.finish_reason) or strays(answer.text, request)
        has_room = self.endpoint.max_tokens is not None and 2 * request.room <= self.most_room
        return CUT if reason is None and answer.finish_reason == LENGTH and has_room else reason

    def give_up(self, key: str, request: Request, why: NoAnswer | ServerError) -> None:
        """Leave a request without an answer, with the reason; the next session asks again."""
        if isinstance(why, ServerError):
            why = NoAnswer(why.reason, self.endpoint.redacted(why.said))
            self.cache.note_no_answer(key, request, why, model=self.endpoint.model)
        self.spend.given_up[request.id] = why
        self._under_way.pop(key, None)
        self.cache.release([key])

    def claim(self, key: str, request: Request) -> bool:
        """Say whether a request may be sent now; raises BudgetExceeded where it may not be paid for."""
        self.check_caps({key: request})
        return self.cache.claim(key, usd=self.spend.estimated_cost(request), most_usd=self.max_cost_usd)

    def check_caps(self, requests: Mapping[str, Request]) -> None:
        """Raise BudgetExceeded where these together, by their keys, would go over a cap; counts them as under way."""
        new = {key: request for key, request in requests.items() if key not in self._under_way} if self.caps else {}
        if not new:
            return
        taken = {key: self._taken(request) for key, request in new.items()}
        for cap in self.caps:
            place = cap.unit != "USD"
            now = (self.spend.usd - self.spend.usd_before, self.spend.tokens_in + self.spend.tokens_out)[place]
            busy, more = (sum(one[place] for one in some.values()) for some in (self._under_way, taken))
            cap.check(now=now + busy, next=more, requests=len(taken))
        self._under_way.update(taken)

    def _taken(self, request: Request) -> tuple[float, int]:
        """Return the US dollars and tokens that a request will take, about."""
        estimate = self.spend.estimate(request)
        return self.spend.estimated_cost(request), (estimate.prompt or 0) + (estimate.completion or 0)

    def check_budget(self, usd: float, said: str) -> None:
        """Raise BudgetExceeded, which says `said`, where so much in all is more than may be spent."""
        if self.max_cost_usd is not None and usd > self.max_cost_usd:
            raise BudgetExceeded(f"llm.max_cost_usd={self.max_cost_usd} would be exceeded: {said}")

    def estimate(self, requests: Sequence[Request], *, labelled: Further) -> Spend:
        """Return what answers would take, asking nobody, and what the requests would that they give rise to.

        Adds to `spend` what the cache has.
        """
        spend = self.spend
        keyed = [(self.endpoint.cache_key(request), request) for request in requests]
        found = self.look_up(dict(keyed))
        planned = Spend(spend.price, spend.max_tokens, hits=len(found), usd=spend.usd, usd_before=spend.usd)
        for key, request in keyed:
            if key in found:
                continue
            first = spend.estimate(request)
            planned.paid(request, first, cost(first, spend.price))
            prompt, completion = first.prompt or 0, first.completion or 0
            further = labelled(request)
            each = Usage(
                prompt + completion + round(further.characters / CHARACTERS_PER_TOKEN),
                completion // (3 if further.shorter else 1),
            )
            for _ in range(further.number):
                planned.add(each, cost(each, spend.price))
        return planned
