"""Strict entity scores: exact boundary and type, micro, as seqeval (`mode="strict"`, IOB2).

seqeval is the reference in the tests; the counts are our own because intervals, paired tests and
the split into seen and unseen mentions need them sentence by sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from clinsynth.scoring import Counts, named, precision_recall_f1, scored
from clinsynth.task import Headline
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import Evaluation, Predictions

HEADLINE = Headline()
COLUMNS: Mapping[str, str] = {"seen": "test/f1_seen", "unseen": "test/f1_unseen"}


def count(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    keep: Callable[[Sentence, Span], bool] = lambda sentence, span: True,
) -> Counts:
    """Return an array [sentences, 3] of true positives, predicted and gold spans that `keep` lets through."""
    rows = []
    for truth, guess in zip(gold, predicted, strict=True):
        true_spans = {span for span in truth.spans if keep(truth, span)}
        guessed_spans = {span for span in guess.spans if keep(guess, span)}
        rows.append((len(true_spans & guessed_spans), len(guessed_spans), len(true_spans)))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def evaluate(test: Predictions, *, train: Sequence[Sentence], devel: Predictions) -> Evaluation:
    """Score overall, and for mentions seen and unseen (case folded) in `train`.

    A predicted span counts as seen or unseen by its own text, so both halves have a precision.
    """
    known = {mention.casefold() for sentence in train for mention in sentence.mentions}

    def seen(sentence: Sentence, span: Span) -> bool:
        return sentence.mention(span).casefold() in known

    gold, predicted = test.gold, test.predicted
    counts = count(gold, predicted)
    metrics = scored(counts)
    metrics |= named(count(gold, predicted, keep=seen), "test/", "_seen")
    metrics |= named(count(gold, predicted, keep=lambda *found: not seen(*found)), "test/", "_unseen")
    return Evaluation(metrics=metrics, errors=errors(gold, predicted), counts=counts)


def errors(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, int]:
    """Count wrong spans by kind.

    A predicted one is `boundary` where it overlaps gold, else `spurious`; gold that no prediction touches is `missed`.
    """
    kinds: Counter[str] = Counter(boundary=0, missed=0, spurious=0)
    for truth, guess in zip(gold, predicted, strict=True):
        for span in set(guess.spans) - set(truth.spans):
            kinds["boundary" if _touches(span, truth.spans) else "spurious"] += 1
        for span in truth.spans:
            kinds["missed"] += not _touches(span, guess.spans)
    return dict(kinds)


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def devel_score(gold: Sequence[Sentence], *, predicted: Sequence[Sentence]) -> float:
    return float(precision_recall_f1(count(gold, predicted).sum(axis=0))[2])


def record(gold: Sentence, *, predicted: Sentence) -> dict[str, Any]:
    return {"text": gold.text, "gold": gold.entities(), "predicted": predicted.entities()}
