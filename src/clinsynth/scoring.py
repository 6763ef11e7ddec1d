"""Precision, recall and F1 from counts, their bootstrap interval, and precision-recall curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from clinsynth.types import Curve, Metrics

Counts = NDArray[np.int64]
"""Shape [..., 3]: true positives, predicted, gold."""

SCORES = ("precision", "recall", "f1")


def precision_recall_f1(counts: Counts) -> NDArray[np.float64]:
    """Micro scores, shape [..., 3], in 0..1; a score without a denominator is 0, as in seqeval."""
    true, predicted, gold = (counts[..., i].astype(np.float64) for i in range(3))
    zero = np.zeros_like(true)
    precision = np.divide(true, predicted, out=zero.copy(), where=predicted > 0)
    recall = np.divide(true, gold, out=zero.copy(), where=gold > 0)
    f1 = np.divide(2 * true, predicted + gold, out=zero.copy(), where=predicted + gold > 0)
    return np.stack([precision, recall, f1], axis=-1)


def named(counts: Counts, prefix: str, suffix: str = "") -> Metrics:
    """Micro scores of rows of counts as metrics: `<prefix>precision<suffix>` and so on."""
    scores = precision_recall_f1(counts.sum(axis=0))
    return {f"{prefix}{name}{suffix}": float(score) for name, score in zip(SCORES, scores, strict=True)}


def scored(counts: Counts) -> Metrics:
    """Micro scores on the test set, with the interval of F1."""
    low, high = bootstrap_f1(counts)
    return named(counts, "test/") | {"test/f1_low": low, "test/f1_high": high}


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Mean precision over the recall that a falling threshold gains; 0 where nothing is true."""
    from sklearn.metrics import average_precision_score  # takes seconds

    return float(average_precision_score(truth, scores)) if truth.any() else 0.0


def curve(truth: NDArray[np.bool_], scores: NDArray[np.float64], *, thresholds: Mapping[str, float]) -> Curve:
    """Precision against recall, marked where a score of at least a threshold counts as yes."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(truth, scores)
    marks = {}
    for name, threshold in thresholds.items():
        said = scores >= threshold
        found = precision_recall_f1(np.array([(said & truth).sum(), said.sum(), truth.sum()]))
        marks[name] = (float(found[1]), float(found[0]))
    return Curve(recall.tolist(), precision=precision.tolist(), marks=marks)


def bootstrap_f1(counts: Counts, *, resamples: int = 1000, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of micro F1 when test examples are drawn anew with replacement.

    `counts` has one row an example. The draw depends on `seed` alone, so that two arms on the same
    test set are resampled alike.
    """
    if not len(counts):
        return 0.0, 0.0
    weights = draws(len(counts), resamples, seed)
    return interval(precision_recall_f1(weights @ counts)[:, 2], level)


def paired_bootstrap(
    first: Counts, second: Counts, *, score: str = "f1", resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Difference of a mean micro score of two arms, each [runs, examples, 3], and its percentile interval.

    Both are scored on the same draws of test examples (Efron and Tibshirani 1993).
    """
    weights = draws(first.shape[1], resamples, seed)
    place = SCORES.index(score)

    def means(counts: Counts) -> NDArray[np.float64]:
        """Over runs."""
        found: NDArray[np.float64] = precision_recall_f1(counts)[..., place].mean(axis=0)
        return found

    observed = means(first.sum(axis=1)) - means(second.sum(axis=1))
    return float(observed), *interval(means(weights @ first) - means(weights @ second), level)


def draws(examples: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return how often each example is drawn, [resamples, examples]."""
    return np.random.default_rng(seed).multinomial(examples, np.full(examples, 1 / examples), resamples)


def interval(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
