"""Runs that differ in nothing but the seed, taken together."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinsynth.config import Reviewed, TestName
from clinsynth.task import Headline
from clinsynth.types import Metrics

_NAMING = (
    "dataset.fold",
    "source",
    "source.examples",
    "source.ratio",
    "source.target",
    "source.corpora",
    "size",
    "seed_ratio",
    "annotator",
    "quality",
    "quality.reviewed",
    "llm",
    "llm.model",
    "llm.temperature",
    "zero_shot.limit",
    "backbone",
)
"""Params that name an arm, where they differ between the arms of a table."""


@dataclass
class Arm:
    name: str
    runs: list[Metrics] = field(default_factory=list)
    plain: bool = False
    """Trained on all of gold and on nothing else."""
    headline: Headline = field(default_factory=Headline)

    def mean(self, metric: str) -> float:
        return statistics.fmean(self._values(metric))

    def deviation(self, metric: str) -> float:
        """Sample standard deviation over seeds; 0 for a single run."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 else 0.0

    def _values(self, metric: str) -> list[float]:
        return [run[metric] for run in self.runs if metric in run] or [float("nan")]


def labels(metrics: Metrics, *, headline: Headline) -> list[str]:
    """Return labels that have a score of their own."""
    found = (re.fullmatch(headline.of_label("(.+)"), name) for name in metrics)
    return [match[1] for match in found if match]


def by_dataset(runs: Sequence[Any]) -> dict[str, list[Any]]:
    """Runs of each dataset, in the order of the first ones; scores on different test sets cannot be compared."""
    found: dict[str, list[Any]] = {}
    for run in runs:
        params = run.data.params
        test = params.get("dataset.test", TestName.gold.value)
        name = [params.get("dataset.name", ""), *([test] if test != TestName.gold.value else [])]
        found.setdefault(", ".join(name), []).append(run)
    return found


def collect(runs: Sequence[Any], *, headline: Headline) -> list[Arm]:
    """Return arms in the order of their first run. `runs` are MLflow's."""
    told_apart = [name for name in _NAMING if len({_value(run.data.params, name) for run in runs} - {None}) > 1]
    arms: dict[str, Arm] = {}
    for run in runs:
        params = run.data.params
        words = [_word(name, params[name]) for name in told_apart if name in params and not _idle(name, params)]
        name = " ".join(filter(None, words)) or params.get("source", "")
        name = " ".join([name, *_part(run.data.metrics)])
        plain = params.get("source") == "original" and params.get("source.examples") == "null"
        arms.setdefault(name, Arm(name, plain=plain, headline=headline)).runs.append(dict(run.data.metrics))
    return list(arms.values())


def _value(params: Mapping[str, str], name: str) -> str | None:
    """Of runs that were made before there were reviews: that nothing was dropped."""
    return params.get(name, Reviewed.keep.value if name == "quality.reviewed" else None)


def _part(metrics: Metrics) -> list[str]:
    """How much of the test set an LLM was asked about, where it is not all of it."""
    found, missing = (round(metrics.get(f"answers/{name}", 0)) for name in ("found", "missing"))
    return [f"({found} of {found + missing})"] if missing else []


def _idle(param: str, params: Mapping[str, str]) -> bool:
    """A synthetic arm has no gold examples to draw; a ratio is what it says, whatever size it comes to."""
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
