"""Runs that differ in nothing but the seed, taken together."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinsynth.types import Metrics

_NAMING = ("dataset", "source", "source.examples", "size", "seed_ratio", "annotator", "backbone")
"""Params that name an arm, where they differ between the arms of a table."""


@dataclass
class Arm:
    name: str
    runs: list[Metrics] = field(default_factory=list)

    def mean(self, metric: str) -> float:
        return statistics.fmean(self._values(metric))

    def deviation(self, metric: str) -> float:
        """Sample standard deviation over seeds; 0 for a single run."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 else 0.0

    def _values(self, metric: str) -> list[float]:
        return [run[metric] for run in self.runs if metric in run] or [float("nan")]


def collect(runs: Sequence[Any]) -> list[Arm]:
    """Arms in the order of their first run. `runs` are MLflow's."""
    told_apart = [name for name in _NAMING if len({run.data.params.get(name) for run in runs} - {None}) > 1]
    arms: dict[str, Arm] = {}
    for run in runs:
        params = run.data.params
        words = [_word(name, params[name]) for name in told_apart if name in params and not _idle(name, params)]
        name = " ".join(words) or params.get("source", "")
        arms.setdefault(name, Arm(name)).runs.append(dict(run.data.metrics))
    return list(arms.values())


def _idle(param: str, params: Mapping[str, str]) -> bool:
    """A synthetic arm has no gold examples to draw."""
    return param == "source.examples" and params.get("source") == "synthetic"


def _word(param: str, value: str) -> str:
    if param == "source.examples":
        return "all" if value == "null" else value
    return value
