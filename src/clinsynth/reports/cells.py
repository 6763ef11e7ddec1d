"""The rows of a paper's table: jobs that differ in nothing but the seed, with what their runs have scored."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from clinsynth.scoring import Counts, paired_bootstrap_f1
from clinsynth.types import Metrics


@dataclass(frozen=True)
class Scored:
    """What is left of a finished run."""

    id: str
    metrics: Metrics
    counts: Counts | None
    """True positives, predicted and gold of each test example, or of those that are answered."""


@dataclass
class Row:
    dataset: str
    task: str
    arm: str
    source: str
    """`zero_shot`, `original`, `synthetic`, `augmented`, as the paper has it; empty for rows that it lacks."""
    backbone: str
    runs: list[Scored] = field(default_factory=list)
    jobs: int = 0
    """How many there should be, one a seed."""
    published: dict[str, float] | None = None

    @property
    def missing(self) -> int:
        return self.jobs - len(self.runs)

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
    """F1 of a row minus that of another one on the same test examples, with its 95% interval."""

    value: float
    low: float
    high: float


def difference(row: Row, other: Row) -> Difference | None:
    """Mean over seeds; None where the two were not scored on the same examples."""
    mine, theirs = ([run.counts for run in found.runs] for found in (row, other))
    counts = [found for found in (*mine, *theirs) if found is not None]
    if not mine or not theirs or len(counts) < len(mine) + len(theirs):
        return None
    gold = {tuple(found[:, 2].tolist()) for found in counts}
    if len(gold) > 1:  # another test set, or another part of it
        return None
    first, second = np.stack(counts[: len(mine)]), np.stack(counts[len(mine) :])
    return Difference(*paired_bootstrap_f1(first, second))


def best(rows: Sequence[Row]) -> Row | None:
    """The row with the highest F1 of those that have one."""
    scored = [row for row in rows if row.mean("test/f1") is not None]
    return max(scored, key=lambda row: row.mean("test/f1") or 0.0, default=None)
