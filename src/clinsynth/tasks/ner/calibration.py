"""Whether a model's confidence in its spans says how often they are right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from clinsynth.text.entities import Sentence
from clinsynth.types import Reliability

BINS = 10
"""Of equal width."""

Judged = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""Of each predicted span how sure the model is, and whether it is right."""


def judged(gold: Sequence[Sentence], predicted: Sequence[Sentence], *, label: str | None = None) -> Judged:
    """Return confidence and truth of the predicted spans, all of them or those of one type."""
    scores, right = [], []
    for truth, guess in zip(gold, predicted, strict=True):
        for span, score in zip(guess.spans, guess.scores, strict=True):
            if label in (None, span.label):
                scores.append(score)
                right.append(span in truth.spans)
    return np.array(scores, dtype=np.float64), np.array(right, dtype=np.bool_)


def reliability(found: Judged) -> Reliability:
    """Return mean confidence and precision of the spans in each bin of confidence that has some."""
    scores, right = found
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    filled = [places == place for place in range(BINS) if (places == place).any()]
    return Reliability(
        confidence=[float(scores[inside].mean()) for inside in filled],
        precision=[float(right[inside].mean()) for inside in filled],
        spans=[int(inside.sum()) for inside in filled],
    )


def chosen_thresholds(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, float]:
    """Return for each type of gold the least confidence with which a span is kept: that of the best F1.

    Of thresholds that are as good the lowest; 0 keeps every span. They are rounded down to six digits, as `predict`
    writes scores.
    """
    labels = sorted({span.label for sentence in gold for span in sentence.spans})
    return {label: _threshold(gold, predicted, label=label) for label in labels}


def _threshold(gold: Sequence[Sentence], predicted: Sequence[Sentence], *, label: str) -> float:
    scores, right = judged(gold, predicted, label=label)
    truths = sum(span.label == label for sentence in gold for span in sentence.spans)
    best, chosen = -1.0, 0.0
    for threshold in (0.0, *np.unique(scores).tolist()):
        kept = scores >= threshold
        f1 = 2 * float(right[kept].sum()) / max(int(kept.sum()) + truths, 1)
        if f1 > best:
            best, chosen = f1, threshold
    return math.floor(chosen * 1e6) / 1e6


def above(predicted: Sentence, *, thresholds: Mapping[str, float]) -> Sentence:
    """Return a predicted sentence without the spans that the model is less sure of than their type needs."""
    sure = [
        score >= thresholds.get(span.label, 0.0) for span, score in zip(predicted.spans, predicted.scores, strict=True)
    ]
    return predicted.marked(compress(predicted.spans, sure), scores=list(compress(predicted.scores, sure)))
