"""Precision, recall and F1 from counts, and their bootstrap interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""Shape [..., 3]: true positives, predicted, gold."""


def precision_recall_f1(counts: Counts) -> NDArray[np.float64]:
    """Micro scores, shape [..., 3], in 0..1; a score without a denominator is 0, as in seqeval."""
    true, predicted, gold = (counts[..., i].astype(np.float64) for i in range(3))
    zero = np.zeros_like(true)
    precision = np.divide(true, predicted, out=zero.copy(), where=predicted > 0)
    recall = np.divide(true, gold, out=zero.copy(), where=gold > 0)
    f1 = np.divide(2 * true, predicted + gold, out=zero.copy(), where=predicted + gold > 0)
    return np.stack([precision, recall, f1], axis=-1)


def bootstrap_f1(counts: Counts, *, resamples: int = 1000, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of micro F1 when test examples are drawn anew with replacement.

    `counts` has one row an example. The draw depends on `seed` alone, so that two arms on the same
    test set are resampled alike.
    """
    if not len(counts):
        return 0.0, 0.0
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), resamples)
    scores = precision_recall_f1(weights @ counts)[:, 2]
    tail = (1 - level) / 2
    low, high = np.quantile(scores, [tail, 1 - tail])
    return float(low), float(high)
