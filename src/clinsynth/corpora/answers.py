"""The completions of a plan that there are, parsed, with the labels that an LLM gave their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinsynth.corpora.generation import Generation
from clinsynth.corpora.plans import Plan, plan
from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import MissingCompletions
from clinsynth.llm import KnownCompletions
from clinsynth.types import Completion, Request


def collect(recipe: Recipe, *, completions: KnownCompletions) -> Generation:
    """Return what `generate` asked for, replayed; further answers are taken where there are any.

    Raises MissingCompletions for a request of the plan, or for labels, unless they may be skipped.
    """
    planned = plan(recipe, completions=completions)
    replay = Generation(recipe, planned, keep=True)
    waiting = replay.requests
    found = completions.find(waiting)
    _miss(waiting, found, recipe=recipe, planned=planned, completions=completions)
    while waiting:
        answered = [request for request in waiting if request.id in found]
        waiting = [further for request in answered for further in replay(request, found[request.id])]
        found = completions.find(waiting)
    second = [answer.label_request for answer in replay.answers if answer.label_request]
    _miss(second, replay.labels, recipe=recipe, planned=planned, completions=completions)
    return replay


def _miss(
    requests: Sequence[Request],
    found: Mapping[str, Completion],
    *,
    recipe: Recipe,
    planned: Plan,
    completions: KnownCompletions,
) -> None:
    """Raise MissingCompletions for those that are not found, or say that they are skipped."""
    missing = [request for request in requests if request.id not in found]
    if not missing:
        return
    count = f"{len(missing)} of {len(requests)} completions are missing, the first is {missing[0].id!r}."
    if not recipe.skip_missing or len(missing) == len(requests):
        raise MissingCompletions(
            f"{count} {completions.explain(missing)} `clinsynth generate` {_same(recipe, planned)} and a live LLM "
            f"makes them; generation.on_missing=skip goes on without them.{_smaller(recipe)}",
            requests=missing,
        )
    print(f"{count} Going on without them (generation.on_missing=skip).", flush=True)


def _same(recipe: Recipe, planned: Plan) -> str:
    """`generate` knows no source.ratio and no source.target: what they come to for it."""
    if planned.chosen.per_unit is None or recipe.wanted.total is None:
        return "with the same settings"
    only = f" units.only=[{','.join(recipe.wanted.only)}]" if recipe.wanted.only else ""
    return f"with size.per_unit={planned.chosen.per_unit}{only}"


def _smaller(recipe: Recipe) -> str:
    per_unit, per_request = recipe.wanted.per_unit or 0, recipe.wanted.per_request
    return f" size.per_unit={per_request} needs one per unit." if per_unit > per_request else ""
