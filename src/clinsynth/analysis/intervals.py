"""95% intervals of shares."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from clinsynth.scoring import draws, interval

RESAMPLES = 1000
LEVEL = 0.95


def wilson(hits: int, *, of: int) -> tuple[float, float]:
    """Return the interval of a share of independent cases (Wilson 1927), in 0..1."""
    from scipy.stats import binomtest  # a second, which a training need not pay

    found = binomtest(hits, of).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def bootstrap(values: ArrayLike, *, groups: Sequence[Hashable], seed: int = 0) -> tuple[float, float] | None:
    """Percentile interval of a mean when whole groups are drawn anew, for what is in a group is alike.

    None for a single group, which says nothing about others.
    """
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        return None
    place = {name: number for number, name in enumerate(names)}
    member = [place[group] for group in groups]
    sums = np.bincount(member, weights=np.asarray(values, dtype=np.float64))
    counts = np.bincount(member)
    drawn = draws(len(names), RESAMPLES, seed)
    return interval((drawn @ sums) / (drawn @ counts), LEVEL)
