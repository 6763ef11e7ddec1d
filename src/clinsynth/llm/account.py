"""What both ways of asking share: the answers of one LLM in the cache, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinsynth import keys
from clinsynth.errors import BudgetExceeded
from clinsynth.llm.budget import Spend, characters, cost
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers.base import Answer, Endpoint, Usage
from clinsynth.types import Request


@dataclass(frozen=True)
class Limits:
    """How fast a server is asked, and for how long in vain."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Of prompts and answers together."""
    patience_s: float = 300.0
    """A request that fails for a passing reason is sent again for so long."""
    poll_s: float = 30.0
    """Between two looks at a batch."""


@dataclass(frozen=True)
class Account:
    """Changes the cache and `spend`, which several goes may share."""

    endpoint: Endpoint
    cache: CompletionCache
    spend: Spend
    max_cost_usd: float | None = None
    """What may be spent, all sessions together; `None` is no end."""

    def key(self, request: Request) -> str:
        return keys.request(request, model=self.endpoint.model, sampling=self.endpoint.sampling)

    def store(self, key: str, request: Request, answer: Answer, *, asked_at: float) -> float | None:
        """Put an answer into the cache; returns its cost in US dollars, `None` where that is not known."""
        usd, model, sampling = cost(answer.usage, self.spend.price), self.endpoint.model, self.endpoint.sampling
        self.cache.put(key, request, answer, model=model, sampling=sampling, asked_at=asked_at, cost_usd=usd)
        return usd

    def spent_after(self, requests: Iterable[Request]) -> float:
        """Return about how many US dollars will have been spent when these are answered, too."""
        return self.spend.usd + sum(self.spend.estimated_cost(request) for request in requests)

    def afford(self, usd: float, said: str) -> None:
        """Raise BudgetExceeded, which says `said`, where so much in all is more than may be spent."""
        if self.max_cost_usd is not None and usd > self.max_cost_usd:
            raise BudgetExceeded(f"llm.max_cost_usd={self.max_cost_usd} would be exceeded: {said}")

    def estimate(self, requests: Sequence[Request], *, labelled: bool) -> Spend:
        """Return what answers would take, asking nobody; `labelled`: each is sent back once to be labelled.

        Adds to `spend` what the cache has.
        """
        spend = self.spend
        found = self.cache.get([self.key(request) for request in requests])
        for _, usage, usd in found.values():
            spend.found(usage, usd)
        planned = Spend(spend.price, spend.max_tokens, hits=len(found), usd=spend.usd, usd_before=spend.usd)
        for request in requests:
            if self.key(request) in found:
                continue
            first = spend.estimate(request)
            rounds = [first]
            if labelled:
                rounds.append(Usage((first.prompt or 0) + (first.completion or 0), (first.completion or 0) // 3))
            for usage in rounds:
                planned.requests += 1
                planned.tokens_in += usage.prompt or 0
                planned.tokens_out += usage.completion or 0
                usd = cost(usage, spend.price)
                planned.usd += usd or 0.0
                planned.unpriced += usd is None
            planned.sent_characters += characters(request)
            planned.gold_characters += request.gold_characters
        return planned
