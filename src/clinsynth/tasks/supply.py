"""Chooses how units give a corpus its texts: each of a set is asked for some, or rounds follow one another."""

from __future__ import annotations

import difflib
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clinsynth.errors import ConfigError
from clinsynth.task import Chosen, Quota, Tally, Wanted, is_named

ALL_ROUNDS = "all of it"
"""The name of the shortage where rounds hold too few texts together."""


@dataclass(frozen=True)
class EachUnit:
    """Units are a set, of which the share takes a part, and each is asked for so many texts."""

    multiple: int = 1
    ranked: bool = True

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Return the first `most_units`, shuffled and then cut, so that a smaller share stands within a larger one.

        Negatives are beside all of them, and grow with them.
        """
        shuffled = list(_only(wanted, safe)[: wanted.most_units])
        random.Random(wanted.seed).shuffle(shuffled)
        units = shuffled[: max(1, round(wanted.share * len(shuffled)))]
        per_unit = wanted.per_unit or math.ceil((wanted.total or 1) / len(units))
        replicates = math.ceil(per_unit / wanted.per_request)
        if wanted.negatives is None:
            return Chosen(tuple(units), (), per_unit, wanted.total, replicates)
        beside = wanted.negatives.beside(per_unit * len(units))
        return Chosen((*units, beside.unit), (), per_unit, wanted.total, replicates, beside)

    def least(self, units: Sequence[str], *, wanted: Wanted) -> list[tuple[str, int]]:
        per_unit, units = wanted.per_unit or 1, units[: wanted.most_units]
        places = [(unit, number) for number in range(math.ceil(per_unit / wanted.per_request)) for unit in units]
        beside = wanted.negatives.beside(per_unit * len(units)) if wanted.negatives else None
        return places + ([(beside.unit, number) for number in range(beside.replicates)] if beside else [])

    def lacking(self, usable: Mapping[str, int], *, chosen: Chosen) -> dict[str, int]:
        return {unit: usable.get(unit, 0) for unit in chosen.units if usable.get(unit, 0) < chosen.wanted_of(unit)}

    def further(
        self, unit: str, *, tally: Tally, chosen: Chosen, spare: Sequence[str], wanted: Wanted, attempts: int
    ) -> list[str]:
        """Ask for one more request, once all of the unit's are answered and it is still short."""
        enough = tally.usable.get(unit, 0) >= chosen.wanted_of(unit)
        if tally.waiting.get(unit) or enough or tally.asked[unit] >= chosen.replicates_of(unit) + attempts - 1:
            return []
        return [unit]

    def described(self, number: int, *, of: int) -> str:
        return f"{number} of {of} units"

    def kind(self, number: int) -> str:
        return f"{number} units"

    def sample(self, units: Sequence[str], *, number: int, seed: int) -> list[str]:
        shuffled = list(units)
        random.Random(seed).shuffle(shuffled)
        return shuffled[:number]


EACH_UNIT = EachUnit()


@dataclass(frozen=True)
class InProportion(EachUnit):
    """Units are a set, and a corpus has texts of each in given proportions, at least one of each."""

    weights: Mapping[str, int] = field(default_factory=dict)
    ranked: bool = False

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Return all units in their order, each with its part of the total.

        Turns are handed out as Adams' method does, so that what a smaller corpus has stands within a larger one.
        """
        units, total = _only(wanted, safe), wanted.total or 0
        turns = [(place / self.weights[unit], rank) for rank, unit in enumerate(units) for place in range(total)]
        number = Counter(rank for _, rank in sorted(turns)[:total])
        quotas = {
            unit: Quota(number[rank], math.ceil(number[rank] / wanted.per_request), self.weights[unit])
            for rank, unit in enumerate(units)
        }
        return Chosen(tuple(units), (), None, total, max(q.replicates for q in quotas.values()), quotas=quotas)

    def least(self, units: Sequence[str], *, wanted: Wanted) -> list[tuple[str, int]]:
        return self.choose(units, others=units, wanted=wanted, limited=False).requests


@dataclass(frozen=True)
class Rounds:
    """Units are rounds: each is asked once, and so many of them in their order as the size takes."""

    multiple: int = 1
    ranked: bool = False

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Return the first rounds that together hold the wanted texts, and those that come next.

        Where too few are recorded, `others` are named all the same, so that they are missed.
        """
        total = wanted.total
        if total is None:
            if limited:
                return Chosen(tuple(safe), (), None, None, 1)
            raise ConfigError(
                "a live LLM writes as many rounds as it is asked for: say how many examples, as in size=t400."
            )
        needed = math.ceil(total / wanted.per_request)
        chosen = list(safe[:needed])
        if len(chosen) < needed:
            there = set(safe)
            chosen += [unit for unit in others if unit not in there][: needed - len(chosen)]
        return Chosen(tuple(chosen), tuple(safe[needed:]), None, total, 1)

    def least(self, units: Sequence[str], *, wanted: Wanted) -> list[tuple[str, int]]:
        return [(unit, 0) for unit in units[: math.ceil((wanted.total or wanted.per_request) / wanted.per_request)]]

    def lacking(self, usable: Mapping[str, int], *, chosen: Chosen) -> dict[str, int]:
        number = sum(usable.values())
        return {ALL_ROUNDS: number} if number < (chosen.in_all or 0) else {}

    def further(
        self, unit: str, *, tally: Tally, chosen: Chosen, spare: Sequence[str], wanted: Wanted, attempts: int
    ) -> list[str]:
        """Ask for further rounds, once all are answered and their texts are still too few."""
        missing = (chosen.in_all or 0) - sum(tally.usable.values())
        if sum(tally.waiting.values()) or tally.waves >= attempts or missing <= 0:
            return []
        return list(spare[: math.ceil(missing / wanted.per_request)])

    def described(self, number: int, *, of: int) -> str:
        return f"{number} rounds"

    def kind(self, number: int) -> str:
        return "rounds"

    def sample(self, units: Sequence[str], *, number: int, seed: int) -> list[str]:
        return list(units[:number])


@dataclass(frozen=True)
class Batches(Rounds):
    """Units are batches of texts that are there already: all of them are wanted, each is asked about once."""

    ranked: bool = True

    def choose(self, safe: Sequence[str], *, others: Sequence[str], wanted: Wanted, limited: bool) -> Chosen:
        """Return the first batches, so that a smaller share stands within a larger one."""
        units = _only(wanted, safe)[: wanted.most_units]
        return Chosen(tuple(units[: max(1, round(wanted.share * len(units)))]), (), None, None, 1)

    def least(self, units: Sequence[str], *, wanted: Wanted) -> list[tuple[str, int]]:
        return [(unit, 0) for unit in units[: wanted.most_units]]

    def described(self, number: int, *, of: int) -> str:
        return f"labels of {number} of {of} batches of texts"

    def kind(self, number: int) -> str:
        return f"{number} batches of texts"


BATCHES = Batches()


def _only(wanted: Wanted, units: Sequence[str]) -> Sequence[str]:
    """Return those of `units.only`; all where it names none."""
    named = wanted.only
    chosen = [unit for unit in units if unit in named]
    for name in named:
        if name not in units:
            of_types = [unit for unit in units if is_named(unit, name)]
            if not of_types:
                near = difflib.get_close_matches(name, units, n=3) or units[:8]
                raise ConfigError(f"{name!r} is no unit of {wanted.dataset}. Units are: {', '.join(near)} ...")
            chosen += of_types
    return [unit for unit in units if unit in chosen] if named else units
