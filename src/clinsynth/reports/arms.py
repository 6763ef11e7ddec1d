"""The rows of a paper's table: jobs that differ in nothing but the seed, with what their runs have scored."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from clinsynth.scoring import paired_bootstrap
from clinsynth.task import Headline
from clinsynth.types import Metrics, Outcomes


@dataclass(frozen=True)
class Scored:
    """What is left of a finished run."""

    id: str
    metrics: Metrics
    outcomes: Outcomes | None
    commit: str = ""
    """Of the code, with a plus where the checkout had changes; empty where it ran from no checkout."""


@dataclass
class Row:
    dataset: str
    task: str
    arm: str
    source: str
    """`zero_shot`, `original`, `synthetic`, `augmented`, as the paper has it; empty for rows that it lacks."""
    backbone: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Settings in which rows are compared: backbone, source, annotator, size, seed_ratio, examples, total."""
    runs: list[Scored] = field(default_factory=list)
    jobs: int = 0
    """How many there should be, one a seed."""
    published: dict[str, float] | None = None
    headline: Headline = field(default_factory=Headline)

    @property
    def score(self) -> float | None:
        """Return the mean of the headline; `None` where no run has it."""
        return self.mean(self.headline.metric)

    @property
    def missing(self) -> int:
        return self.jobs - len(self.runs)

    @property
    def name(self) -> str:
        """The arm, with how much of the test set it was scored on where that is not all of it."""
        if not self.partial:
            return self.arm
        found, missing = (round(self.mean(f"answers/{name}") or 0) for name in ("found", "missing"))
        return f"{self.arm} ({found} of {found + missing})"

    @property
    def partial(self) -> bool:
        return bool(self.mean("answers/missing"))

    def values(self, metric: str) -> list[float]:
        return [run.metrics[metric] for run in self.runs if metric in run.metrics]

    def mean(self, metric: str) -> float | None:
        """None where no run has it."""
        values = self.values(metric)
        return statistics.fmean(values) if values else None

    def deviation(self, metric: str) -> float | None:
        """Sample standard deviation over seeds; None for fewer than two."""
        values = self.values(metric)
        return statistics.stdev(values) if len(values) > 1 else None


@dataclass(frozen=True)
class Difference:
    """A score of a row minus that of another one on the same test examples, with its 95% interval."""

    value: float
    low: float
    high: float
    examples: int
    """That both were scored on."""

    def __str__(self) -> str:
        """In points."""
        return f"{100 * self.value:+.1f} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def difference(row: Row, other: Row, *, score: str = "f1") -> Difference | None:
    """Mean over seeds, on the test examples that both have; None where there are none, or another test set."""
    sides = [[run.outcomes for run in found.runs] for found in (row, other)]
    outcomes = [[each for each in side if each is not None] for side in sides]
    if outcomes != sides or not all(sides):
        return None
    common = reduce(np.intersect1d, (each.places for side in outcomes for each in side))
    counts = [np.stack([each.counts[np.searchsorted(each.places, common)] for each in side]) for side in outcomes]
    gold = np.concatenate(counts)[..., 2]
    if not len(common) or (gold != gold[0]).any():
        return None
    return Difference(*paired_bootstrap(counts[0], counts[1], score=score), examples=len(common))


def best(rows: Sequence[Row]) -> Row | None:
    """Return the row with the highest score, of those that were scored on the whole test set where there is one."""
    scored = [row for row in rows if row.score is not None]
    whole = [row for row in scored if not row.partial]
    return max(whole or scored, key=lambda row: row.score or 0.0, default=None)
