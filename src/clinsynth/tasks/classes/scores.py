"""Scores of one class of several: micro without the negative class, macro, each class, and which is taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clinsynth.scoring import Counts, average_precision, named, precision_recall_f1, scored
from clinsynth.task import Headline
from clinsynth.tasks.classes.examples import Classified
from clinsynth.types import Confusion, Evaluation, Metrics, Predictions

HEADLINE = Headline()
COLUMNS: Mapping[str, str] = {"macro": "test/f1_macro", "accuracy": "test/accuracy"}
NO_ANSWER = "no class"
"""The column of what an LLM has not put into any class."""


def count(gold: Sequence[Classified], predicted: Sequence[Classified]) -> Counts:
    """Return an array [texts, 3] of true positives, predicted and gold; the negative class is none of them.

    Without a negative class each text has one of each, and micro precision, recall and F1 are the accuracy.
    """
    rows = [
        (g.label == p.label != g.negative, p.label not in ("", g.negative), g.label != g.negative)
        for g, p in zip(gold, predicted, strict=True)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def judge(gold: Sequence[Classified], predicted: Sequence[Classified], *, labels: Sequence[str]) -> Evaluation:
    """Score by classes alone: `test/f1` is micro, `test/f1_macro` the mean over the classes that are no negative one.

    The mean is over those that occur in gold or in what is predicted. `test/accuracy` is micro F1 with the negative
    class.
    """
    counts, pairs = count(gold, predicted), Counter((g.label, p.label) for g, p in zip(gold, predicted, strict=True))
    each = {label: _of_class(label, pairs) for label in labels}
    metrics = scored(counts) | {"test/accuracy": sum(pairs[label, label] for label in labels) / max(len(gold), 1)}
    for label, counted in each.items():
        metrics |= named(counted, f"test/{label}/")
    negative = gold[0].negative if gold else None
    occurring = [label for label in labels if label != negative and each[label].any()]
    metrics |= _macro(metrics, occurring)
    return Evaluation(
        metrics, errors=_errors(pairs, negative=negative), counts=counts, confusion=_confusion(pairs, labels=labels)
    )


def evaluate(test: Predictions, *, train: Sequence[Classified], devel: Predictions) -> Evaluation:
    """Score by classes and, each class against the others, by probabilities."""
    labels = [label for label, _ in test.predicted[0].scores]
    judged = judge(test.gold, test.predicted, labels=labels)
    scores = np.array([[score for _, score in text.scores] for text in test.predicted], dtype=np.float64)
    found: Metrics = {}
    for place, label in enumerate(labels):
        truth = np.array([text.label == label for text in test.gold])
        found[f"test/{label}/average_precision"] = average_precision(truth, scores[:, place])
    return replace(judged, metrics=judged.metrics | found)


def devel_score(gold: Sequence[Classified], *, predicted: Sequence[Classified]) -> float:
    return float(precision_recall_f1(count(gold, predicted).sum(axis=0))[2])


def record(gold: Classified, *, predicted: Classified) -> dict[str, Any]:
    return {
        "text": gold.text,
        "gold": gold.label,
        "predicted": predicted.label,
        "scores": {label: round(score, 4) for label, score in predicted.scores},
    }


def _of_class(label: str, pairs: Mapping[tuple[str, str], int]) -> Counts:
    """Return an array [1, 3] of true positives, predicted and gold of one class."""
    said = sum(number for (_, said), number in pairs.items() if said == label)
    true = sum(number for (true, _), number in pairs.items() if true == label)
    return np.array([[pairs.get((label, label), 0), said, true]], dtype=np.int64)


def _macro(metrics: Metrics, labels: Sequence[str]) -> Metrics:
    return {
        f"test/{name}_macro": float(np.mean([metrics[f"test/{label}/{name}"] for label in labels])) if labels else 0.0
        for name in ("precision", "recall", "f1")
    }


def _errors(pairs: Mapping[tuple[str, str], int], *, negative: str | None) -> dict[str, int]:
    """Return how many texts are in a wrong class, in none or the negative one, and in one where they are negative."""
    found = {"wrong class": 0, "missed": 0, "made up": 0}
    for (true, said), number in pairs.items():
        if true != said:
            kind = "missed" if said in ("", negative) else "made up" if true == negative else "wrong class"
            found[kind] += number
    return found


def _confusion(pairs: Mapping[tuple[str, str], int], *, labels: Sequence[str]) -> Confusion:
    """Return how often each class of gold is taken for each; a column more where some texts are in none."""
    said = (*labels, "") if any(not said for _, said in pairs) else tuple(labels)
    counts = tuple(tuple(pairs.get((true, name), 0) for name in said) for true in labels)
    return Confusion(tuple(labels), tuple(name or NO_ANSWER for name in said), counts)
