"""The runs of a table that users name themselves (`tracking.table`), as arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.config import Reviewed, TestName
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.task import Headline

_NAMING = (
    *("dataset.fold", "source", "source.examples", "source.ratio", "source.target", "source.corpora", "size"),
    *("seed_ratio", "annotator", "quality", "quality.reviewed", "llm", "llm.model", "llm.temperature"),
    *("zero_shot.limit", "backbone"),
)
"""Params that name an arm, where they differ between the arms of a table."""


def by_test_set(runs: Sequence[Any]) -> dict[str, list[Any]]:
    """Return MLflow's runs on each test set, in the order of the first ones; scores on others cannot be compared."""
    found: dict[str, list[Any]] = {}
    for run in runs:
        params = run.data.params
        test = params.get("dataset.test", TestName.gold.value)
        name = [params.get("dataset.name", ""), *([test] if test != TestName.gold.value else [])]
        found.setdefault(", ".join(name), []).append(run)
    return found


def tagged_arms(runs: Sequence[Any], *, headline: Headline) -> list[Arm]:
    """Return the arms of MLflow's runs, in the order of their first run; `source` tells of gold alone, and no more."""
    told_apart = [name for name in _NAMING if len({_value(run.data.params, name) for run in runs} - {None}) > 1]
    arms: dict[str, Arm] = {}
    for run in runs:
        params = run.data.params
        words = [_word(name, params[name]) for name in told_apart if name in params and not _idle(name, params)]
        gold = params.get("source") == "original" and params.get("source.examples") == "null"
        name = " ".join(filter(None, words)) or params.get("source", "")
        arm = Arm(name, source="original" if gold else "", headline=headline)
        arm.runs.append(ScoredRun(run.info.run_id, dict(run.data.metrics)))
        arms.setdefault(arm.title, arm)
        if arms[arm.title] is not arm:
            arms[arm.title].runs += arm.runs
    return list(arms.values())


def _value(params: Mapping[str, str], name: str) -> str | None:
    """Return a param; runs that were made before there were reviews dropped nothing."""
    return params.get(name, Reviewed.keep.value if name == "quality.reviewed" else None)


def _idle(param: str, params: Mapping[str, str]) -> bool:
    """Say whether a param changes nothing: a synthetic arm draws no gold examples, and a ratio says its size itself."""
    if param == "source.examples":
        return params.get("source") == "synthetic"
    return param == "size" and params.get("source.ratio", "null") != "null"


def _word(param: str, value: str) -> str:
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
    return "" if value in ("null", "[]", "none") else value
