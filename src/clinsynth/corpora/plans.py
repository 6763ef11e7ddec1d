"""Which units there are, and what is asked about them; paid for, so nothing else may decide it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth.corpora.label_steps import first_steps
from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import MissingCompletions
from clinsynth.llm import KnownCompletions
from clinsynth.llm.cached import CachedCompletions
from clinsynth.llm.recorded import parse_id
from clinsynth.task import Chosen
from clinsynth.types import Completion, Request

AT_ONCE = 10_000
"""Requests whose answers are looked up together."""


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


def part_of(plan: RequestPlan, *, number: int, of: int) -> RequestPlan:
    """Return each of-th request, from one on."""
    return replace(plan, requests=plan.requests[number::of])


def unasked(recipe: Recipe, plan: RequestPlan, *, of: int, completions: CachedCompletions) -> Counter[int]:
    """Return how many requests of each of so many parts nobody was asked yet, not even in vain."""
    parts: Counter[int] = Counter()
    listed = [(place % of, first_asked(recipe, request)) for place, (_, _, request) in enumerate(plan.requests)]
    for start in range(0, len(listed), AT_ONCE):
        asked = {request.id: part for part, request in listed[start : start + AT_ONCE] if request}
        requests = [request for _, request in listed[start : start + AT_ONCE] if request]
        parts.update(asked[request.id] for request in completions.unasked(requests))
    return parts


def _answered(recipe: Recipe, units: Sequence[str], *, completions: KnownCompletions) -> Sequence[str]:
    """Return the units whose first request has an answer; raises MissingCompletions where there is none."""
    writer, wanted = recipe.task.writer, recipe.wanted

    def request(unit: str, replicate: int) -> Request:
        return writer.request(unit, replicate=replicate, writing=recipe.writing, gold=recipe.gold)

    requests = {unit: first_asked(recipe, request(unit, 0)) for unit in units}
    asked = [one for one in requests.values() if one]
    found = completions.find(asked)
    answered = [unit for unit, first in requests.items() if first is None or first.id in found]
    if not answered:
        least = (first_asked(recipe, request(*one)) for one in writer.supply.least(units, wanted=wanted))
        raise MissingCompletions(
            f"none of the {writer.supply.kind(len(units))} of {recipe.task.dataset.name} is recorded for "
            f"prompt={recipe.asked_by} with {wanted.per_request} examples a request. "
            f"{completions.explain(asked)} `clinsynth generate` with a live LLM makes them.",
            requests=[one for one in least if one],
        )
    print(f"{writer.supply.described(len(answered), of=len(units))} are recorded", flush=True)
    return answered


def first_asked(recipe: Recipe, request: Request) -> Request | None:
    """Return what an LLM is asked first: the request, or that for the labels of texts that are there already.

    `None` where nobody is asked, for a lexicon labels them.
    """
    if request.own is None:
        return request
    _, _, unit, replicate = parse_id(request.id)
    texts = Completion(request.id, "", request.own, "stop")
    drafts, _ = recipe.task.writer.parse(texts, unit=unit, replicate=replicate)
    labels = recipe.task.writer.label_request(drafts, completion=texts, writing=recipe.writing)
    return first_steps(labels, asking=recipe.writing.asking)[0].request if labels else None
