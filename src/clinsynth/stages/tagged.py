"""The runs of a table that users name themselves (`tracking.table`), as arms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.config import Material, Reviewed, TestName
from clinsynth.keys import digest
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.stages import naming
from clinsynth.stages.naming import ANSWERED_BY, SEEDS, without_effect
from clinsynth.task import Headline
from clinsynth.tracking import ARM_KEY, CORPUS, RUN_KEY

_FIRST = (
    *("dataset.fold", "source", "source.examples", "source.ratio", "source.target", "source.corpora"),
    *("material", "size"),
    *("seed_ratio", "annotator", "quality", "quality.reviewed", "llm", "llm.model", ANSWERED_BY, "llm.temperature"),
    *("zero_shot.limit", "backbone"),
)
"""Params that name an arm before all others, by their values alone, where they differ between the arms of a table."""

_BY_MATERIAL = ("generation.per_request", "quality.unit", "quality.sentence", "quality.min_words", "quality.max_words")
"""Params that `material` decides, unless a user does."""

_SAYS_NOTHING = ("experiment", "dataset")
"""Params that name what other params say."""

_PROPOSED = ("dataset.mix.", "dataset.pool.")
"""Params that a task may choose where there is a corpus: they tell arms apart that nothing else does."""


def by_test_set(runs: Sequence[Any]) -> dict[str, list[Any]]:
    """Return MLflow's runs on each test set, in the order of the first ones; scores on others cannot be compared."""
    found: dict[str, list[Any]] = {}
    for run in runs:
        found.setdefault(test_set(run.data.params), []).append(run)
    return found


def test_set(params: Mapping[str, str]) -> str:
    """Return the name of a run's dataset, with that of its test set where it is another one than gold's."""
    return naming.test_set(params.get("dataset.name", ""), test=params.get("dataset.test", TestName.gold.value))


def tagged_arms(runs: Sequence[Any], *, headline: Headline) -> list[Arm]:
    """Return the arms of MLflow's runs, in the order of their first run; `source` tells of gold alone, and no more.

    An arm is the runs that differ in the seed alone. Of a job that was run again (`runs` are oldest first) the last
    run counts, and the others do not.
    """
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for run in runs:
        rows.setdefault(_identity(run), {})[run.data.tags.get(RUN_KEY, run.info.run_id)] = run
    first, arms = [next(iter(found.values())) for found in rows.values()], []
    for name, one, found in zip(_names(first), first, rows.values(), strict=True):
        params = one.data.params
        gold = params.get("source") == "original" and params.get("source.examples", "null") == "null"
        scored = [
            ScoredRun(run.info.run_id, dict(run.data.metrics), corpus=run.data.tags.get(CORPUS, ""))
            for run in found.values()
        ]
        if objective := params.get("distill.objective"):
            name = f"distilled {objective} {name}"
        arms.append(Arm(name, source="original" if gold else "", headline=headline, runs=scored))
    times = Counter(arm.title for arm in arms)
    twins = [arm for arm in arms if times[arm.title] > 1]
    for arm, one in zip(arms, first, strict=True):
        if arm in twins:
            arm.name += f" {_mark(one)}"
    return arms


def _identity(run: Any) -> tuple[str, ...]:
    """Return what the runs of an arm have in common: all but the seed, by the params for runs of earlier releases."""
    params, tags, metrics = run.data.params, run.data.tags, run.data.metrics
    others = {name: logged(params, name) for name in {*params, *_FIRST} - {*SEEDS, "experiment"}}
    answers = [str(metrics.get(f"answers/{name}")) for name in ("found", "missing")]
    return (tags.get(ARM_KEY) or digest(others), tags.get(CORPUS, ""), params.get(ANSWERED_BY, ""), *answers)


def _names(runs: Sequence[Any]) -> list[str]:
    """Return a name for each of the runs, of all that they do not have in common."""
    params = [run.data.params for run in runs]
    every = [*dict.fromkeys([*_FIRST, *(name for found in params for name in found)])]
    differing = [name for name in every if len(_values(params, name)) > 1 and name not in SEEDS]
    told = [name for name in differing if name in _FIRST or not _needless(name, params)]
    names = [_name(found, told) for found in params]
    others = [name for name in differing if name not in told and name not in _SAYS_NOTHING]
    for name in [name for name, times in Counter(names).items() if times > 1]:
        places = [place for place, found in enumerate(names) if found == name]
        twins = [params[place] for place in places]
        told_of_twins = told + [other for other in others if len(_values(twins, other)) > 1]
        for place in places:
            names[place] = _name(params[place], told_of_twins)
    return names


def _needless(name: str, params: Sequence[Mapping[str, str]]) -> bool:
    """Say whether a param decides no result, or goes by the option of its group, which is told."""
    if name in _SAYS_NOTHING or name in without_effect() or name.startswith(_PROPOSED):
        return True
    if name == "prompt" and all(found.get(name) in (None, found.get("source")) for found in params):
        return True  # the source of a baseline
    group = "material" if name in _BY_MATERIAL else name.partition(".")[0]
    of_option: dict[str | None, set[str]] = {}
    for found in params:
        if (value := logged(found, name)) is not None:
            of_option.setdefault(found.get(group), set()).add(value)
    return group != name and len(of_option) > 1 and all(len(values) == 1 for values in of_option.values())


def _name(params: Mapping[str, str], told: Sequence[str]) -> str:
    values = {name: value for name in told if (value := logged(params, name)) is not None}
    words = {name: _word(name, value) for name, value in values.items() if not _idle(name, params)}
    source = [] if any(words[name] for name in words if name in _FIRST) else [params.get("source", "")]
    return " ".join(filter(None, [*source, *words.values()]))


def _mark(run: Any) -> str:
    """Return what tells an arm from another one of the same settings: its corpus, or its first run."""
    corpus = run.data.tags.get(CORPUS)
    return f"(corpus {corpus[:6]})" if corpus else f"(run {run.info.run_id[:6]})"


def _values(params: Sequence[Mapping[str, str]], name: str) -> set[str]:
    return {value for found in params if (value := logged(found, name)) is not None}


def logged(params: Mapping[str, str], name: str) -> str | None:
    """Return a param, which is not logged where it is null or as before it came; `None` where nothing of its group is.

    Runs that were made before there were reviews dropped nothing.
    """
    if name in params or name == "quality.reviewed":
        return params.get(name, Reviewed.keep.value)
    group, dot, _ = name.partition(".")
    if not dot or not any(other.startswith(f"{group}.") for other in params):
        return None
    return min(naming.as_before().get(name, {"null"}))


def _idle(param: str, params: Mapping[str, str]) -> bool:
    """Say whether a param changes nothing: a synthetic arm draws no gold, and a ratio or real texts have a size."""
    if param == "source.examples":
        return params.get("source") == "synthetic"
    return param == "size" and (
        params.get("material") == Material.texts.value or params.get("source.ratio", "null") != "null"
    )


def _word(param: str, value: str) -> str:
    if param not in _FIRST:  # of those that came later the usual value goes without saying
        return "" if value in naming.as_before().get(param, ()) else f"{param}={naming.told(value)}"
    if param in ("llm.temperature", "zero_shot.limit"):
        return "" if value == "null" else f"{param.partition('.')[2]} {value}"
    if param == "source.examples":
        return "all" if value == "null" else value
    if param == "source.ratio":
        return "" if value == "null" else f"+{100 * float(value):g}%"
    if (param, value) in (("quality", "default"), ("quality.reviewed", Reviewed.keep.value)):
        return ""
    if param == "quality.reviewed":
        return f"review {value}"
    if param == "source.corpora":
        return "+".join(digest[:6] for digest in re.findall(r"\w+", value) if value != "null")
    return "" if value in ("null", "[]", "none", Material.written.value) else value
