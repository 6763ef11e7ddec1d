"""Which units there are, and what is asked about them; paid for, so nothing else may decide it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import MissingCompletions
from clinsynth.llm import KnownCompletions
from clinsynth.task import Chosen
from clinsynth.types import Request


@dataclass(frozen=True)
class RequestPlan:
    """The requests of a corpus, in the order in which quality control will look at the answers."""

    known: tuple[str, ...]
    """All units that the dataset has, or with `units.max` those that are chosen from; none that is beside them."""
    available: int
    """How many of them have answers, where the LLM can give no others."""
    total: int
    """How many there were before `units.max`."""
    left_out: int
    """How many were passed over because their request shows text of the test split."""
    chosen: Chosen
    requests: tuple[tuple[str, int, Request], ...]
    """Unit, replicate and request."""

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units of the corpus."""
        return self.chosen.units


def plan_requests(recipe: Recipe, *, completions: KnownCompletions) -> RequestPlan:
    """Return units and requests; `size` decides how many requests a unit has, and stands in no message."""
    task, gold, writing, wanted = recipe.task, recipe.gold, recipe.writing, recipe.wanted
    writer = task.writer
    number = 3 * math.ceil((wanted.total or 0) / wanted.per_request)
    everything = writer.units(gold, writing=writing, number=number)
    available = _answered(recipe, everything, completions=completions) if completions.limited else everything
    leaking = writer.leaking(everything, writing=writing, gold=gold)
    safe = [unit for unit in available if unit not in leaking]
    others = [unit for unit in everything if unit not in leaking]
    chosen = writer.supply.choose(safe, others=others, wanted=wanted, limited=completions.limited)
    most = wanted.most_units
    passed = available
    if wanted.total is not None and (last := chosen.units[-1]) in available:
        passed = available[: available.index(last)]
    beside = 1 if chosen.beside else 0
    return RequestPlan(
        known=tuple(everything if most is None else safe[:most]),
        available=len(available) + beside,
        total=len(everything) + beside,
        left_out=len(leaking.intersection(passed)),
        chosen=chosen,
        requests=tuple(
            (unit, number, writer.request(unit, replicate=number, writing=writing, gold=gold))
            for unit, number in chosen.requests
        ),
    )


def _answered(recipe: Recipe, units: Sequence[str], *, completions: KnownCompletions) -> Sequence[str]:
    """Return the units whose first request has an answer; raises MissingCompletions where there is none."""
    writer, wanted = recipe.task.writer, recipe.wanted

    def request(unit: str, replicate: int) -> Request:
        return writer.request(unit, replicate=replicate, writing=recipe.writing, gold=recipe.gold)

    requests = {unit: request(unit, 0) for unit in units}
    found = completions.find(list(requests.values()))
    answered = [unit for unit, first in requests.items() if first.id in found]
    if not answered:
        raise MissingCompletions(
            f"none of the {writer.supply.kind(len(units))} of {recipe.task.dataset.name} is recorded for "
            f"prompt={recipe.writing.prompt.name} with {wanted.per_request} examples a request. "
            f"{completions.explain(list(requests.values()))} `clinsynth generate` with a live LLM makes them.",
            requests=[request(unit, number) for unit, number in writer.supply.least(units, wanted=wanted)],
        )
    print(f"{writer.supply.described(len(answered), of=len(units))} are recorded", flush=True)
    return answered
