"""Scores the positive class, beside what always saying yes would score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clinsynth.scoring import Counts, average_precision, curve, precision_recall_f1, scored
from clinsynth.task import Headline
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Evaluation, Predictions

HEADLINE = Headline()
COLUMNS: Mapping[str, str] = {"always yes": "test/f1_always_positive", "AP": "test/average_precision"}


def count(gold: Sequence[Relation], predicted: Sequence[Relation]) -> Counts:
    """Return an array [sentences, 3] of true positives, predicted and gold positives."""
    rows = [(g.positive and p.positive, p.positive, g.positive) for g, p in zip(gold, predicted, strict=True)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def judge(gold: Sequence[Relation], predicted: Sequence[Relation]) -> Evaluation:
    """Score by labels alone."""
    counts = count(gold, predicted)
    true, said, positive = counts.sum(axis=0).tolist()
    errors = {"said yes, is no": said - true, "said no, is yes": positive - true}
    metrics = scored(counts) | {"test/f1_always_positive": always_positive(gold)}
    return Evaluation(metrics, errors=errors, counts=counts)


def evaluate(test: Predictions, *, train: Sequence[Relation], devel: Predictions) -> Evaluation:
    """Score by labels and by probabilities."""
    judged = judge(test.gold, test.predicted)
    truth = np.array([row.positive for row in test.gold])
    scores = np.array([row.score for row in test.predicted], dtype=np.float64)
    metrics = judged.metrics | {"test/average_precision": average_precision(truth, scores)}
    return replace(
        judged,
        metrics=metrics,
        curves={"relations": curve(truth, scores, thresholds={"threshold 0.5": 0.5})},
    )


def always_positive(gold: Sequence[Relation]) -> float:
    """Return the F1 of a model that says yes to every sentence."""
    positive = sum(row.positive for row in gold)
    return float(precision_recall_f1(np.array([positive, len(gold), positive]))[2])


def devel_score(gold: Sequence[Relation], *, predicted: Sequence[Relation]) -> float:
    return float(precision_recall_f1(count(gold, predicted).sum(axis=0))[2])


def record(gold: Relation, *, predicted: Relation) -> dict[str, Any]:
    return {"text": gold.text, "gold": gold.label, "predicted": predicted.label, "score": predicted.score}
