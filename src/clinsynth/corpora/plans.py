"""Which units there are, and what is asked about them; paid for, so nothing else may decide it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from clinsynth import datasets
from clinsynth.config import CorpusConfig
from clinsynth.errors import ConfigError, MissingCompletions
from clinsynth.llm import LLM
from clinsynth.tasks.base import SynthesisRoom
from clinsynth.types import Gold, Request


@dataclass(frozen=True)
class Plan:
    """What is asked, in the order in which quality control will look at the answers."""

    known: tuple[str, ...]
    """All units that the dataset has, or with `units.max` those that are chosen from."""
    available: int
    """How many of them have answers, where the LLM can give no others."""
    total: int
    """How many there were before `units.max`."""
    units: tuple[str, ...]
    """Those of the corpus: shuffled, then cut by seed_ratio."""
    requests: tuple[tuple[str, int, Request], ...]
    """Unit, replicate and request."""


def plan(settings: CorpusConfig, *, gold: Gold, llm: LLM, room: SynthesisRoom) -> Plan:
    """Units and requests; `size` decides how many requests a unit has, and stands in no message."""
    named = getattr(settings.dataset, "units", None)
    everything = datasets.terms(datasets.resolve(named)) if named else room.units(gold.train)
    if not everything:
        raise ConfigError(
            f"{settings.dataset.name} has neither gold train nor a list of units: give one as dataset.units=terms.txt."
        )
    most = settings.units.max
    available = _answered(settings, everything, llm=llm, room=room) if llm.limited else everything
    shuffled = available[:most]
    random.Random(settings.generation.seed).shuffle(shuffled)
    units = shuffled[: max(1, round(settings.seed_ratio.value * len(shuffled)))]
    replicates = range(_replicates(settings))
    requests = [
        (unit, number, request_of(settings, unit, number, room=room)) for number in replicates for unit in units
    ]
    known = everything if most is None else available[:most]
    return Plan(tuple(known), len(available), len(everything), tuple(units), tuple(requests))


def most_requests(settings: CorpusConfig) -> int:
    """Per unit, with those that top it up."""
    return _replicates(settings) + settings.generation.max_attempts - 1


def _replicates(settings: CorpusConfig) -> int:
    per_unit, per_request = settings.size.per_unit, settings.generation.per_request
    assert per_unit
    assert per_request
    return math.ceil(per_unit / per_request)


def request_of(settings: CorpusConfig, unit: str, replicate: int, *, room: SynthesisRoom) -> Request:
    per_request = settings.generation.per_request
    assert per_request
    return room.request(
        unit, replicate=replicate, dataset=settings.dataset, prompt=settings.prompt, per_request=per_request
    )


def _answered(settings: CorpusConfig, units: Sequence[str], *, llm: LLM, room: SynthesisRoom) -> list[str]:
    """Units whose first request has an answer."""
    requests = {unit: request_of(settings, unit, 0, room=room) for unit in units}
    found = llm.find(list(requests.values()))
    answered = [unit for unit, request in requests.items() if request.id in found]
    if not answered:
        raise MissingCompletions(
            f"none of the {len(units)} units of {settings.dataset.name} is recorded for prompt={settings.prompt.name} "
            f"with {settings.generation.per_request} examples a request. {llm.explain(list(requests.values()))} "
            "`clinsynth generate` with a live LLM makes them.",
            requests=[
                request_of(settings, unit, number, room=room)
                for number in range(_replicates(settings))
                for unit in units[: settings.units.max]
            ],
        )
    print(f"{len(answered)} of {len(units)} units are recorded", flush=True)
    return answered
