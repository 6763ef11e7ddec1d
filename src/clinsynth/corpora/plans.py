"""Which units there are, and what is asked about them; paid for, so nothing else may decide it."""

from __future__ import annotations

import difflib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

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
    left_out: int
    """How many were passed over because their request shows text of the test split."""
    units: tuple[str, ...]
    """Those of the corpus: shuffled, then cut by seed_ratio; or the first rounds."""
    spare: tuple[str, ...]
    """Rounds that come next, should those of the corpus hold too few usable texts."""
    per_unit: int | None
    """Examples that are wanted of each unit; null for rounds, which are taken whole."""
    in_all: int | None
    """Examples that are wanted; null is whatever the units give."""
    requests: tuple[tuple[str, int, Request], ...]
    """Unit, replicate and request."""


def plan(settings: CorpusConfig, *, gold: Gold, llm: LLM, room: SynthesisRoom) -> Plan:
    """Units and requests; `size` decides how many requests a unit has, and stands in no message."""
    everything = room.units(settings, gold=gold)
    available = everything
    if llm.limited:
        available = _answered(settings, everything, gold=gold, llm=llm, room=room)
    leaking = room.leaking(everything, settings=settings, gold=gold)
    safe = [unit for unit in available if unit not in leaking]
    spare: list[str] = []
    if room.ROUNDS:
        others = [unit for unit in everything if unit not in leaking]
        units, spare = _rounds(settings, safe, others, limited=llm.limited)
        per_unit, replicates = None, 1
    else:
        units = _share(settings, _only(settings, safe))
        per_unit = settings.size.per_unit or math.ceil((settings.size.total or 1) / len(units))
        replicates = math.ceil(per_unit / (settings.generation.per_request or 1))
    most = settings.units.max
    return Plan(
        known=tuple(everything if most is None else safe[:most]),
        available=len(available),
        total=len(everything),
        left_out=len(leaking.intersection(available if settings.size.total is None else _until(available, units[-1]))),
        units=tuple(units),
        spare=tuple(spare),
        per_unit=per_unit,
        in_all=settings.size.total,
        requests=tuple(
            (unit, number, room.request(unit, replicate=number, settings=settings, gold=gold))
            for number in range(replicates)
            for unit in units
        ),
    )


def _share(settings: CorpusConfig, units: Sequence[str]) -> list[str]:
    """The first `units.max`, shuffled, so that a smaller seed_ratio stands within a larger one."""
    shuffled = list(units[: settings.units.max])
    random.Random(settings.generation.seed).shuffle(shuffled)
    return shuffled[: max(1, round(settings.seed_ratio.value * len(shuffled)))]


def _only(settings: CorpusConfig, units: Sequence[str]) -> Sequence[str]:
    """Those of `units.only`."""
    named = settings.units.only
    for unit in named:
        if unit not in units:
            near = difflib.get_close_matches(unit, units, n=3) or units[:8]
            raise ConfigError(f"{unit!r} is no unit of {settings.dataset.name}. Units are: {', '.join(near)} ...")
    return [unit for unit in units if unit in named] if named else units


def _rounds(
    settings: CorpusConfig, safe: Sequence[str], others: Sequence[str], *, limited: bool
) -> tuple[list[str], list[str]]:
    """The first rounds that together hold `size.total` texts, and those that come next.

    Where too few are recorded, `others` are named all the same, so that they are missed.
    """
    total, per_request = settings.size.total, settings.generation.per_request or 1
    if total is None:
        if limited:
            return list(safe), []
        raise ConfigError(
            "a live LLM writes as many rounds as it is asked for: say how many examples, as in size=t400."
        )
    needed = math.ceil(total / per_request)
    chosen = list(safe[:needed])
    if len(chosen) < needed:
        there = set(safe)
        chosen += [unit for unit in others if unit not in there][: needed - len(chosen)]
    return chosen, list(safe[needed:])


def _until(units: Sequence[str], last: str) -> Sequence[str]:
    return units[: units.index(last)] if last in units else units


def _answered(
    settings: CorpusConfig, units: Sequence[str], *, gold: Gold, llm: LLM, room: SynthesisRoom
) -> Sequence[str]:
    """Units whose first request has an answer."""
    requests = {unit: room.request(unit, replicate=0, settings=settings, gold=gold) for unit in units}
    found = llm.find(list(requests.values()))
    answered = [unit for unit, request in requests.items() if request.id in found]
    kind = "rounds" if room.ROUNDS else f"{len(units)} units"
    if not answered:
        asked = settings.generation.per_request or 1
        wanted = math.ceil((settings.size.total or asked) / asked) if room.ROUNDS else settings.units.max
        raise MissingCompletions(
            f"none of the {kind} of {settings.dataset.name} is recorded for prompt={settings.prompt.name} with {asked} "
            f"examples a request. {llm.explain(list(requests.values()))} `clinsynth generate` with a live LLM makes "
            "them.",
            requests=[
                room.request(unit, replicate=number, settings=settings, gold=gold)
                for number in range(math.ceil((settings.size.per_unit or 1) / asked))
                for unit in units[:wanted]
            ],
        )
    print(f"{len(answered)} {'' if room.ROUNDS else 'of '}{kind} are recorded", flush=True)
    return answered
