"""The completions of a plan that there are, parsed, with the labels that an LLM gave their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinsynth.config import CorpusConfig, OnMissing
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.plans import Plan
from clinsynth.errors import MissingCompletions
from clinsynth.llm import LLM
from clinsynth.tasks.base import SynthesisRoom
from clinsynth.types import Completion, Gold, Request


def collect(settings: CorpusConfig, planned: Plan, *, gold: Gold, llm: LLM, room: SynthesisRoom) -> Generation:
    """What `generate` asked for, replayed; further answers are taken where there are any.

    Raises MissingCompletions for a request of the plan, or for labels, unless they may be skipped.
    """
    replay = Generation(settings, planned, gold=gold, room=room, keep=True)
    waiting = replay.requests
    found = llm.find(waiting)
    _miss(waiting, found, settings=settings, planned=planned, llm=llm)
    while waiting:
        answered = [request for request in waiting if request.id in found]
        waiting = [further for request in answered for further in replay(request, found[request.id])]
        found = llm.find(waiting)
    second = [answer.label_request for answer in replay.answers if answer.label_request]
    _miss(second, replay.labels, settings=settings, planned=planned, llm=llm)
    return replay


def _miss(
    requests: Sequence[Request],
    found: Mapping[str, Completion],
    *,
    settings: CorpusConfig,
    planned: Plan,
    llm: LLM,
) -> None:
    """Raise MissingCompletions for those that are not found, or say that they are skipped."""
    missing = [request for request in requests if request.id not in found]
    if not missing:
        return
    count = f"{len(missing)} of {len(requests)} completions are missing, the first is {missing[0].id!r}."
    if settings.generation.on_missing is OnMissing.error or len(missing) == len(requests):
        raise MissingCompletions(
            f"{count} {llm.explain(missing)} `clinsynth generate` {_same(settings, planned)} and a live LLM makes "
            f"them; generation.on_missing=skip goes on without them.{_smaller(settings)}",
            requests=missing,
        )
    print(f"{count} Going on without them (generation.on_missing=skip).", flush=True)


def _same(settings: CorpusConfig, planned: Plan) -> str:
    """`generate` knows no source.ratio and no source.target: what they come to for it."""
    if planned.per_unit is None or settings.size.total is None:
        return "with the same settings"
    only = f" units.only=[{','.join(settings.units.only)}]" if settings.units.only else ""
    return f"with size.per_unit={planned.per_unit}{only}"


def _smaller(settings: CorpusConfig) -> str:
    per_unit, per_request = settings.size.per_unit or 0, settings.generation.per_request or 0
    return f" size.per_unit={per_request} needs one per unit." if per_unit > per_request else ""
