"""The completions of a plan that there are, parsed, with the labels that an LLM gave their texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tqdm import tqdm

from clinsynth.corpora import in_order
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.plans import plan_requests
from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import MissingCompletions
from clinsynth.llm import KnownCompletions
from clinsynth.types import Completion, Request


def replay_answers(recipe: Recipe, *, completions: KnownCompletions) -> Generation:
    """Return what `generate` asked for, replayed; further answers are taken where there are any.

    Raises MissingCompletions for a request of the plan, or for labels, unless they may be skipped.
    """
    replay = Generation(recipe, plan_requests(recipe, completions=completions), keep=True)
    waiting = due = replay.requests
    while waiting:
        found = completions.find(waiting)
        _check_missing(due, found, replay=replay, completions=completions)
        waiting = _replayed(waiting, found, replay=replay)
        due = [request for request in waiting if request.id in replay.exchanges.later]
    _check_missing(replay.label_requests, replay.labelled, replay=replay, completions=completions)
    return replay


def asked_ahead(generation: Generation, *, completions: KnownCompletions) -> list[Request]:
    """Return all that is asked, as far as the answers that there are tell, which the generation takes.

    Where several requests write a text, those that follow a first one are foreseen.
    """
    if generation.recipe.task.exchange is not None:
        return [*generation.requests, *generation.foreseen]
    asked: list[Request] = []
    waiting = generation.requests
    while waiting:
        asked += waiting
        found = completions.find(waiting)
        waiting = _replayed([request for request in waiting if request.id in found], found, replay=generation)
    return asked


def _replayed(requests: Sequence[Request], found: Mapping[str, Completion], *, replay: Generation) -> list[Request]:
    """Hand the answers to the replay in the order of their requests; returns the requests that come of it."""
    asked = {
        request.id: about
        for request in requests
        if request.id in found and (about := replay.about(request, found[request.id])) is not None
    }
    read = in_order.mapped(replay.read, list(asked.values()))
    further: list[Request] = []
    for request in tqdm(requests, desc="read", unit="completion", disable=None):
        if request.id in found:
            further += replay.take(request, found[request.id], next(read) if request.id in asked else None)
        else:
            further += replay.without(request)
    return further


def _check_missing(
    requests: Sequence[Request], found: Collection[str], *, replay: Generation, completions: KnownCompletions
) -> None:
    """Raise MissingCompletions for requests that are not found, or say that they are skipped."""
    missing = [request for request in requests if request.id not in found]
    if not missing:
        return
    recipe, wanted = replay.recipe, replay.recipe.wanted
    count = f"{len(missing)} of {len(requests)} completions are missing, the first is {missing[0].id!r}."
    if recipe.skip_missing and (len(missing) < len(requests) or missing[0].id in replay.exchanges.later):
        print(f"{count} {completions.explain(missing)} Going on without them (generation.on_missing=skip).", flush=True)
        return
    same, chosen = "with the same settings", replay.plan.chosen
    if chosen.in_turn and wanted.total is not None:  # `generate` knows no source.ratio and no source.target
        size = f"size.per_unit={chosen.per_unit}" if chosen.per_unit else f"size.total={wanted.total}"
        same = f"with {size}" + (f" units.only=[{','.join(wanted.only)}]" if wanted.only else "")
    smaller = f" size.per_unit={wanted.per_request} needs one per unit."
    raise MissingCompletions(
        f"{count} {completions.explain(missing)} `clinsynth generate` {same} and a live LLM makes them; "
        "generation.on_missing=skip goes on without them."
        + (smaller if (wanted.per_unit or 0) > wanted.per_request else ""),
        requests=missing,
    )
