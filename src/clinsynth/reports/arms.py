"""Arms: runs that differ in nothing but the seed, taken together and compared with each other."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from clinsynth.scoring import paired_bootstrap
from clinsynth.task import Headline
from clinsynth.types import Metrics, Outcomes


@dataclass(frozen=True)
class ScoredRun:
    """The part of a finished run that tables need."""

    id: str
    metrics: Metrics
    outcomes: Outcomes | None = None
    commit: str = ""
    """Commit of the code, with a plus where the checkout had changes; empty where it ran from no checkout."""
    corpus: str = ""
    """Digest of the corpus that was learnt from; empty where none was."""


@dataclass
class Arm:
    """A line of a table of scores."""

    name: str
    dataset: str = ""
    """With the name of its test set behind a comma, where that is not gold's own."""
    task: str = ""
    source: str = ""
    """`zero_shot`, `original`, `synthetic`, `augmented`, as the paper has it; empty for arms that it lacks."""
    backbone: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Settings in which arms are compared: backbone, source, annotator, size, seed_ratio, examples, total."""
    runs: list[ScoredRun] = field(default_factory=list)
    jobs: int = 0
    """Number of runs that there should be, one a seed."""
    published: dict[str, float] | None = None
    headline: Headline = field(default_factory=Headline)

    @property
    def gold(self) -> str:
        """Return the name of the dataset alone."""
        return self.dataset.partition(", ")[0]

    @property
    def score(self) -> float | None:
        """Return the mean of the headline; `None` where no run has it."""
        return self.mean(self.headline.metric)

    @property
    def missing(self) -> int:
        """Return the number of runs that there should be, and are not."""
        return self.jobs - len(self.runs)

    @property
    def title(self) -> str:
        """Return the name, with how much of the test set it was scored on where that is not all of it."""
        if not self.partial:
            return self.name
        found, missing = (round(self.mean(f"answers/{name}") or 0) for name in ("found", "missing"))
        return f"{self.name} ({found} of {found + missing})"

    @property
    def partial(self) -> bool:
        """Say whether it was scored on a part of the test set."""
        return bool(self.mean("answers/missing"))

    @property
    def labels(self) -> list[str]:
        """Return the labels that have a score of their own."""
        pattern = re.compile(self.headline.of_label("(.+)"))
        return list(dict.fromkeys(m[1] for run in self.runs for name in run.metrics if (m := pattern.fullmatch(name))))

    def values(self, metric: str) -> list[float]:
        """Return a metric of each run that has it."""
        return [run.metrics[metric] for run in self.runs if metric in run.metrics]

    def mean(self, metric: str) -> float | None:
        """Return the mean over seeds; `None` where no run has the metric."""
        values = self.values(metric)
        return statistics.fmean(values) if values else None

    def deviation(self, metric: str) -> float | None:
        """Return the sample standard deviation over seeds; `None` for fewer than two."""
        values = self.values(metric)
        return statistics.stdev(values) if len(values) > 1 else None


@dataclass(frozen=True)
class Difference:
    """A score of an arm minus that of another one on the same test examples, with its 95% interval."""

    value: float
    low: float
    high: float
    examples: int
    """Test examples that both were scored on."""

    def __str__(self) -> str:
        """Return it in points."""
        return f"{100 * self.value:+.1f} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def difference(arm: Arm, other: Arm, *, score: str = "f1") -> Difference | None:
    """Return the mean over seeds, on the test examples that both have; `None` without any, or on other test sets."""
    sides = [[run.outcomes for run in found.runs] for found in (arm, other)]
    outcomes = [[each for each in side if each is not None] for side in sides]
    if outcomes != sides or not all(sides):
        return None
    common = reduce(np.intersect1d, (each.places for side in outcomes for each in side))
    counts = [np.stack([each.counts[np.searchsorted(each.places, common)] for each in side]) for side in outcomes]
    gold = np.concatenate(counts)[..., 2]
    if not len(common) or (gold != gold[0]).any():
        return None
    return Difference(*paired_bootstrap(counts[0], counts[1], score=score), examples=len(common))


def best_arm(arms: Sequence[Arm]) -> Arm | None:
    """Return the arm with the highest score, of those that were scored on the whole test set where there is one."""
    scored = [arm for arm in arms if arm.score is not None]
    whole = [arm for arm in scored if not arm.partial]
    return max(whole or scored, key=lambda arm: arm.score or 0.0, default=None)


def by_dataset(arms: Iterable[Arm]) -> dict[str, list[Arm]]:
    """Return the arms of each dataset, in the order of the first ones."""
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        found.setdefault(arm.dataset, []).append(arm)
    return found
