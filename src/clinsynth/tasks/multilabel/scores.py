"""Scores each label and all of them, at the threshold of a half and at one that was chosen on validation data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.scoring import Counts, average_precision, curve, named, precision_recall_f1, scored
from clinsynth.task import Headline
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.types import Evaluation, Metrics, Predictions

HEADLINE = Headline()
COLUMNS: Mapping[str, str] = {
    "macro": "test/f1_macro",
    "AP": "test/average_precision",
    "P*": "test/precision_chosen",
    "R*": "test/recall_chosen",
    "F1*": "test/f1_chosen",
    "threshold*": "test/threshold",
}

THRESHOLD = 0.5
GRID = np.arange(5, 100, 5) / 100
"""Thresholds to choose from."""


def evaluate(test: Predictions, *, train: Sequence[Note], devel: Predictions) -> Evaluation:
    """Return micro scores as `test/f1`, their mean over labels as `test/f1_macro`, each label's as `test/<label>/f1`.

    `_chosen` are micro scores at `test/threshold`, where there is validation data to choose it on.
    """
    labels = _labels(test)
    truth, scores = truth_of(test.gold, labels), _scores(test)
    judged = judge(truth, scores >= THRESHOLD, labels=labels)
    metrics = judged.metrics | _average_precision(truth, scores, labels)
    thresholds = {"threshold 0.5": THRESHOLD}
    if devel.gold:
        chosen = threshold(devel, labels=labels)
        metrics["test/threshold"] = chosen
        metrics |= named(_counts(truth, scores >= chosen), "test/", "_chosen")
        thresholds[f"chosen: {chosen:.2f}"] = chosen
    curves = {"all labels": curve(truth.ravel(), scores.ravel(), thresholds=thresholds)}
    curves |= {label: curve(truth[:, place], scores[:, place], thresholds={}) for place, label in enumerate(labels)}
    return replace(judged, metrics=metrics, curves=curves)


def judge(
    truth: NDArray[np.bool_], said: NDArray[np.bool_], *, labels: Sequence[str], others: Sequence[int] = ()
) -> Evaluation:
    """Score by labels alone, [texts, labels]; `others` are how many a text was given that are no labels."""
    counts = _counts(truth, said)
    if others:
        counts[:, 1] += others
    metrics = scored(counts)
    for place, label in enumerate(labels):
        metrics |= named(_counts(truth[:, [place]], said[:, [place]]), f"test/{label}/")
    for name in ("precision", "recall", "f1"):
        metrics[f"test/{name}_macro"] = _mean(metrics, labels, name)
    errors = {"said, is not": int((said & ~truth).sum()) + sum(others), "is, not said": int((truth & ~said).sum())}
    return Evaluation(metrics, errors=errors, counts=counts)


def threshold(devel: Predictions, *, labels: Sequence[str]) -> float:
    """Return the threshold with the best micro F1; of equally good ones the nearest to a half."""
    values: list[float] = GRID.tolist()
    return max(values, key=lambda value: (_f1_at(devel, value, labels), -abs(value - THRESHOLD)))


def devel_score(gold: Sequence[Note], *, predicted: Sequence[Note]) -> float:
    """Return the micro F1 at a half."""
    devel = Predictions(gold, predicted)
    return _f1_at(devel, THRESHOLD, _labels(devel))


def _f1_at(found: Predictions, value: float, labels: Sequence[str]) -> float:
    counts = _counts(truth_of(found.gold, labels), _scores(found) >= value)
    return float(precision_recall_f1(counts.sum(axis=0))[2])


def _average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64], labels: Sequence[str]) -> Metrics:
    metrics = {"test/average_precision": average_precision(truth.ravel(), scores.ravel())}
    for place, label in enumerate(labels):
        metrics[f"test/{label}/average_precision"] = average_precision(truth[:, place], scores[:, place])
    return metrics | {"test/average_precision_macro": _mean(metrics, labels, "average_precision")}


def _mean(metrics: Metrics, labels: Sequence[str], name: str) -> float:
    return float(np.mean([metrics[f"test/{label}/{name}"] for label in labels]))


def _counts(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Counts:
    """Return an array [texts, 3] of true positives, predicted and gold labels."""
    return np.stack([(truth & said).sum(1), said.sum(1), truth.sum(1)], axis=-1).astype(np.int64)


def _labels(found: Predictions) -> list[str]:
    return [label for label, _ in found.predicted[0].scores]


def truth_of(gold: Sequence[Note], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which labels hold, [texts, labels]."""
    return np.array([[label in note.labels for label in labels] for note in gold])


def _scores(found: Predictions) -> NDArray[np.float64]:
    return np.array([[score for _, score in note.scores] for note in found.predicted], dtype=np.float64)


def record(gold: Note, *, predicted: Note) -> dict[str, Any]:
    return {
        "text": gold.text,
        "gold": list(gold.labels),
        "predicted": list(predicted.labels),
        "scores": {label: round(score, 4) for label, score in predicted.scores},
    }
