"""How the units of a task are chosen: a set with names, or a series of rounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clinsynth.types import Prompt

NONE = "none"
"""The unit of texts that hold nothing of what is learnt."""

DISTRACTORS = "distractors"
"""Among `Gold.hashes`: the digest of the terms that stand in such texts, where a list says which."""


def typed_unit(term: str, *, type: str) -> str:
    """Return the name of a unit where units are of several types: `Treatment:aspirin`."""
    return f"{type}:{term}"


def split_unit(unit: str, *, types: Sequence[str]) -> tuple[str, str]:
    """Return the term of a unit and its type; where there is but one type, the unit is the term."""
    if len(types) == 1:
        return unit, types[0]
    kind, _, term = unit.partition(":")
    return term, kind


def is_named(unit: str, name: str) -> bool:
    """Say whether a name is that of a unit, with its type or without."""
    return unit == name or unit.partition(":")[2] == name


@dataclass(frozen=True)
class Beside:
    """A unit that is added to the others, with a size of its own."""

    unit: str
    examples: int
    """How many are wanted."""
    replicates: int
    """Its requests."""


@dataclass(frozen=True)
class Quota:
    """The examples and requests of a unit whose number is its own: the share of a class."""

    examples: int
    replicates: int
    """Its requests."""
    weight: float
    """Units take turns by it: of twice the weight, twice as often."""


@dataclass(frozen=True)
class Negatives:
    """How texts are asked for that hold nothing of what is learnt; they are added to those of the other units."""

    share: float
    """Of the corpus, below 1."""
    per_request: int
    prompt: Prompt | None = None
    """`None` until the task has filled in its own."""
    listed: bool = False
    """Whether each holds a term of a list, which is easily taken for what is learnt."""

    def beside(self, others: int) -> Beside:
        """Return how many are added to so many other examples: at least one, and more the more others there are."""
        examples = max(1, round(others * self.share / (1 - self.share)))
        return Beside(NONE, examples, math.ceil(examples / self.per_request))


@dataclass(frozen=True)
class Wanted:
    """How many examples of which units a corpus wants."""

    per_unit: int | None
    total: int | None
    per_request: int
    share: float
    seed: int
    most_units: int | None = None
    only: tuple[str, ...] = ()
    negatives: Negatives | None = None
    dataset: str = ""
    """For messages."""


@dataclass(frozen=True)
class Chosen:
    """The units of a corpus."""

    units: tuple[str, ...]
    spare: tuple[str, ...]
    """Those that come next, should these hold too few usable texts."""
    per_unit: int | None
    """Examples that are wanted of each unit; `None` where they are taken as they come."""
    in_all: int | None
    """Examples that are wanted; `None` is whatever the units give."""
    replicates: int
    """Requests of each unit."""
    beside: Beside | None = None
    """The last of the units, where it has numbers of its own."""
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    """Of every unit, where each has numbers of its own."""

    @property
    def in_turn(self) -> bool:
        """Say whether units take turns; else their examples are taken as they come."""
        return self.per_unit is not None or bool(self.quotas)

    def turn_of(self, unit: str, place: int) -> float:
        """Return when the turn of a unit's example is, by its place among them from 0: the lowest is the first."""
        if unit in self.quotas:
            return place / self.quotas[unit].weight
        return place * (self.per_unit or 0) / self.wanted_of(unit)

    def wanted_of(self, unit: str) -> int:
        """Return how many examples of a unit are wanted: of those that are taken as they come, all of them together."""
        if unit in self.quotas:
            return self.quotas[unit].examples
        if self.beside and unit == self.beside.unit:
            return self.beside.examples
        return self.per_unit or self.in_all or 0

    def replicates_of(self, unit: str) -> int:
        """Return how many requests a unit has."""
        if unit in self.quotas:
            return self.quotas[unit].replicates
        return self.beside.replicates if self.beside and unit == self.beside.unit else self.replicates

    @property
    def requests(self) -> list[tuple[str, int]]:
        """Return unit and replicate of all requests: each unit's first one, then each one's second."""
        most = max(map(self.replicates_of, self.units), default=0)
        return [(unit, number) for number in range(most) for unit in self.units if number < self.replicates_of(unit)]


class Tally(Protocol):
    """How far the answers to a corpus's requests are."""

    @property
    def usable(self) -> Mapping[str, int]:
        """Texts that are about their unit, by unit."""

    @property
    def asked(self) -> Mapping[str, int]:
        """Requests, by unit."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """Requests without an answer, by unit."""

    @property
    def waves(self) -> int:
        """How often more was asked for, and once."""


class Supply(Protocol):
    """How units give a corpus its texts: each is asked for some (`EachUnit`), or one after another is (`Rounds`)."""

    @property
    def multiple(self) -> int:
        """Examples of a request are a multiple of this."""

    @property
    def ranked(self) -> bool:
        """Whether a larger share of the units contains a smaller one, so that the larger asks for more of the same."""

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Choose the units of a corpus; raises ConfigError where that cannot be.

        `safe` can be answered, `others` could be asked; `limited`: no more than `safe` can be had.
        """

    def least(self, units: Sequence[str], *, wanted: Wanted) -> list[tuple[str, int]]:
        """Return unit and replicate of the requests that a corpus of this size needs, where none has an answer yet."""

    def lacking(self, usable: Mapping[str, int], *, chosen: Chosen) -> dict[str, int]:
        """Return what has fewer usable texts than are wanted, with how many it has."""

    def further(
        self, unit: str, *, tally: Tally, chosen: Chosen, spare: Sequence[str], wanted: Wanted, attempts: int
    ) -> list[str]:
        """Return the units to ask once more, when an answer about `unit` has come."""

    def described(self, number: int, *, of: int) -> str:
        """Say how many units are recorded."""

    def kind(self, number: int) -> str:
        """Say what units are: "120 units", "rounds"."""

    def sample(self, units: Sequence[str], *, number: int, seed: int) -> list[str]:
        """Return so many units to try a prompt on."""
