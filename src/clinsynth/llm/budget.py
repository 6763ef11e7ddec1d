"""The cost of requests, before and after they are sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from clinsynth.errors import BudgetExceeded
from clinsynth.llm.servers.base import NoAnswer, Usage
from clinsynth.types import Request

CHARACTERS_PER_TOKEN = 4.0
"""Until usage has been seen."""

ANSWER_TOKENS = 1000
"""The length of an answer, until one has been seen, where `llm.max_tokens` sets no bound."""

MILLION = 1_000_000

SAMPLES = 3
"""Words that are kept of each reason for which there is no answer."""

PAID = "llm/usd_paid"
"""The metric of a run that says what it has paid itself."""


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; `None` where it is not known, and then no cost is told."""

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    """The price of prompts that the server has seen before; `None` is as `input`."""
    written: float | None = None
    """The price of prompts that the server keeps for others; `None` is as `input`."""


def cost(usage: Usage, price: Price) -> float | None:
    """Return what an answer costs in US dollars; `None` where price or usage is not known."""
    if price.input is None or price.output is None or usage.prompt is None or usage.completion is None:
        return None
    cached, written = usage.cached or 0, usage.written or 0
    at = price.input if price.cached is None else price.cached
    keeping = price.input if price.written is None else price.written
    prompts = (usage.prompt - cached - written) * price.input + cached * at + written * keeping
    return (prompts + usage.completion * price.output) / MILLION


def characters(request: Request) -> int:
    return sum(len(message["content"]) for message in request.messages)


@dataclass(frozen=True)
class Cap:
    """An end of what may be spent, beside that of the whole cache."""

    setting: str
    most: float
    before: float
    """What was spent when the session began."""
    unit: str = "USD"
    """USD or tokens."""
    place: str = ""
    """On what, or where, it was spent."""

    def check(self, *, now: float, next: float, requests: int = 1) -> None:
        """Raise BudgetExceeded where the next requests, after what the session takes by `now`, would be too much."""
        if self.before + now + next > self.most:
            figures = "{:.4f}" if self.unit == "USD" else "{:.0f}"
            spent, more = figures.format(self.before + now), figures.format(next)
            what = "the next request takes" if requests == 1 else f"a batch of {requests} requests would take"
            raise BudgetExceeded(
                f"{self.setting}={self.most:g} would be exceeded: {spent} {self.unit} are spent {self.place}, or "
                f"will be by what is under way, and {what} about {more}. All answers are kept: the same command with "
                f"a higher cap goes on from there."
            )


@dataclass
class Spend:
    """The bill: requests, answers and dollars, over all the sessions that worked at this."""

    price: Price
    max_tokens: int | None
    requests: int = 0
    retries: int = 0
    hits: int = 0
    """Answers that were there already."""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    usd_before: float = 0.0
    """Part of `usd` that earlier sessions paid."""
    unpriced: int = 0
    """Answers whose cost is not known."""
    sent_characters: int = 0
    gold_characters: int = 0
    """Part of them that is gold text: names of units, rows."""
    no_answers: Counter[str] = field(default_factory=Counter)
    """Why what was sent back is no answer, and how often; part of `requests`."""
    said: dict[str, list[str]] = field(default_factory=dict)
    """What was said in the place of answers, the first ones of each reason; no piece of a text."""
    given_up: dict[str, NoAnswer] = field(default_factory=dict)
    """Why requests stay without an answer for now, by their id."""
    _seen_characters: int = field(default=0, repr=False)
    _seen_answers: int = field(default=0, repr=False)
    _answer_tokens: int = field(default=0, repr=False)

    @property
    def fresh(self) -> int:
        """Return how many answers have come in this session."""
        return self.requests - self.no_answers.total()

    def found(self, usage: Usage, usd: float | None) -> None:
        """Add an answer out of the cache."""
        self.hits += 1
        self.usd += usd or 0.0
        self.usd_before += usd or 0.0
        self.unpriced += usd is None
        self._learn(usage)

    def paid(self, request: Request, usage: Usage, usd: float | None) -> None:
        """Add an answer that has just come."""
        self.add(usage, usd)
        self.sent_characters += characters(request)
        self.gold_characters += request.gold_characters
        self._learn(usage)
        if usage.prompt is not None:
            self._seen_characters += characters(request)

    def add(self, usage: Usage, usd: float | None) -> None:
        """Add what one request takes, whatever stands in it."""
        self.requests += 1
        self.tokens_in += usage.prompt or 0
        self.tokens_out += usage.completion or 0
        self.usd += usd or 0.0
        self.unpriced += usd is None

    def lacked(self, found: NoAnswer) -> None:
        """Count what is no answer, and keep its words where it is one of the first."""
        self.no_answers[found.reason] += 1
        words = self.said.setdefault(found.reason, [])
        if found.said.strip() and len(words) < SAMPLES:
            words.append(" ".join(found.said.split())[:200])

    def estimate(self, request: Request) -> Usage:
        """Return the tokens that a request will take: characters / 4, or the ratio that has been measured."""
        ratio = self.tokens_in / self._seen_characters if self._seen_characters else 1 / CHARACTERS_PER_TOKEN
        answer = self._answer_tokens / self._seen_answers if self._seen_answers else self.max_tokens or ANSWER_TOKENS
        return Usage(prompt=round(characters(request) * ratio), completion=round(answer))

    def estimated_cost(self, request: Request) -> float:
        return cost(self.estimate(request), self.price) or 0.0

    def metrics(self) -> dict[str, float]:
        """Return the numbers as MLflow shows them."""
        names = ("requests", "retries", "hits", "tokens_in", "tokens_out", "usd", "sent_characters", "gold_characters")
        counted = {f"llm/{name}": float(getattr(self, name)) for name in names} | {PAID: self.usd - self.usd_before}
        return counted | {"llm/no_answers": float(self.no_answers.total()), "llm/given_up": float(len(self.given_up))}

    def _learn(self, usage: Usage) -> None:
        if usage.completion is not None:
            self._seen_answers += 1
            self._answer_tokens += usage.completion
