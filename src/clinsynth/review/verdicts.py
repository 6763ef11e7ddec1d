"""The outcome of a review: judgements of examples, and how far annotators agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Judgement:
    """The judgement of all annotators, taken together, on an example."""

    id: str
    place: int | None
    """The place of the example in its corpus; `None` for gold."""
    text: str
    group: str
    given: str
    answer: str | None
    """The label that it should have; `None` where no label has a majority."""
    agrees: bool | None
    """Whether the given label is right; `None` where as many say yes as say no."""
    disputed: bool
    """No majority for what the review is about: whether a pair is right, or which label gold gets."""
    votes: dict[str, int]
    extended: bool = False
    """Whether the given labels are right, and the answer has more."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with its 95% interval (Wilson 1927)."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.of


@dataclass(frozen=True)
class Pair:
    """Two annotators, on the items that both answered."""

    annotators: tuple[str, str]
    items: int
    agreement: float
    kappa: float | None
    """Cohen's; `None` where both always say the same one thing."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a review."""

    judgements: tuple[Judgement, ...]
    annotators: tuple[str, ...]
    unanswered: int
    """Items that nobody answered."""
    kappa: float | None
    """Fleiss', over the items that all answered; `None` for one annotator, and where all say one thing of all items."""
    rated: int
    """How many items that were."""
    pairs: tuple[Pair, ...]
    correct: Share | None
    """The examples whose label is right among those that are not disputed; `None` where all are disputed."""
    by_label: dict[str, Share]

    @property
    def disputed(self) -> int:
        return sum(one.disputed for one in self.judgements)

    @property
    def extended(self) -> int:
        """Return how many of the right examples should have more labels than they were given."""
        return sum(one.extended and not one.disputed for one in self.judgements)

    @property
    def agreement(self) -> float | None:
        """Return how often two answers to the same item agree."""
        items = sum(pair.items for pair in self.pairs)
        return sum(pair.agreement * pair.items for pair in self.pairs) / items if items else None
