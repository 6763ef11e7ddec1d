"""Scores per label and over all, at the threshold of a half and at one that was chosen on validation data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clinsynth.scoring import Counts, average_precision, bootstrap_f1, curve, named, precision_recall_f1
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.types import Evaluation, Metrics, Predictions

THRESHOLD = 0.5
GRID = np.arange(5, 100, 5) / 100
"""Thresholds to choose from."""


def evaluate(test: Predictions, *, train: Sequence[Note], devel: Predictions) -> Evaluation:
    """Micro scores as `test/f1`, their mean over labels as `test/f1_macro`, each label's as `test/<label>/f1`.

    `_chosen` are micro scores at `test/threshold`, where there is validation data to choose it on.
    """
    labels = _labels(test)
    truth, scores = _truth(test.gold, labels), _scores(test)
    said = scores >= THRESHOLD
    counts = _counts(truth, said)
    metrics = named(counts, "test/")
    metrics["test/f1_low"], metrics["test/f1_high"] = bootstrap_f1(counts)
    metrics |= _per_label(truth, said, scores, labels)
    metrics["test/average_precision"] = average_precision(truth.ravel(), scores.ravel())
    thresholds = {"threshold 0.5": THRESHOLD}
    if devel.gold:
        chosen = threshold(devel, labels=labels)
        metrics["test/threshold"] = chosen
        metrics |= named(_counts(truth, scores >= chosen), "test/", "_chosen")
        thresholds[f"chosen: {chosen:.2f}"] = chosen
    curves = {"all labels": curve(truth.ravel(), scores.ravel(), thresholds=thresholds)}
    curves |= {label: curve(truth[:, place], scores[:, place], thresholds={}) for place, label in enumerate(labels)}
    errors = {"said, is not": int((said & ~truth).sum()), "is, not said": int((truth & ~said).sum())}
    return Evaluation(metrics, errors=errors, counts=counts, curves=curves)


def threshold(devel: Predictions, *, labels: Sequence[str]) -> float:
    """The one with the best micro F1; of equally good ones the nearest to a half."""
    values: list[float] = GRID.tolist()
    return max(values, key=lambda value: (_f1_at(devel, value, labels), -abs(value - THRESHOLD)))


def devel_score(gold: Sequence[Note], *, predicted: Sequence[Note]) -> float:
    """Micro F1 at a half."""
    devel = Predictions(gold, predicted)
    return _f1_at(devel, THRESHOLD, _labels(devel))


def _f1_at(found: Predictions, value: float, labels: Sequence[str]) -> float:
    counts = _counts(_truth(found.gold, labels), _scores(found) >= value)
    return float(precision_recall_f1(counts.sum(axis=0))[2])


def _per_label(
    truth: NDArray[np.bool_], said: NDArray[np.bool_], scores: NDArray[np.float64], labels: Sequence[str]
) -> Metrics:
    metrics: Metrics = {}
    for place, label in enumerate(labels):
        metrics |= named(_counts(truth[:, [place]], said[:, [place]]), f"test/{label}/")
        metrics[f"test/{label}/average_precision"] = average_precision(truth[:, place], scores[:, place])
    for name in ("precision", "recall", "f1", "average_precision"):
        metrics[f"test/{name}_macro"] = float(np.mean([metrics[f"test/{label}/{name}"] for label in labels]))
    return metrics


def _counts(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Counts:
    """Array [texts, 3] of true positives, predicted and gold labels."""
    return np.stack([(truth & said).sum(1), said.sum(1), truth.sum(1)], axis=-1).astype(np.int64)


def _labels(found: Predictions) -> list[str]:
    return [label for label, _ in found.predicted[0].scores]


def _truth(gold: Sequence[Note], labels: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[label in note.labels for label in labels] for note in gold])


def _scores(found: Predictions) -> NDArray[np.float64]:
    return np.array([[score for _, score in note.scores] for note in found.predicted], dtype=np.float64)
