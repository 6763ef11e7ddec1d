"""Scores beside the headline: relaxed, by type, by length, of documents, and how far a model's confidence holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from clinsynth.scoring import SCORES, Counts, named, precision_recall_f1
from clinsynth.tasks.ner.calibration import judged, reliability
from clinsynth.tasks.ner.counts import count, count_documents
from clinsynth.tasks.ner.schemes import boundaries, count_relaxed, schemes
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import Metrics, Reliability

LONG = 4
"""Words of a mention from which on it counts as long."""

REFUSED = r"[^\w. :/-]"
"""Characters that MLflow does not take in the name of a metric."""


def types_of(sentences: Iterable[Sentence]) -> list[str]:
    """Return the entity types that are marked in sentences, by name."""
    return sorted({span.label for sentence in sentences for span in sentence.spans})


def further(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], *, types: Sequence[str], spurious: int = 0
) -> Metrics:
    """Return relaxed F1, and where there are several types the scores of each, and the mean of their F1.

    `spurious` is how many predicted spans are nowhere in the text, and of no type that is known.
    """
    relaxed = np.vstack([count_relaxed(gold, predicted), [(0, spurious, 0)]])
    metrics = {"test/f1_relaxed": _scores(relaxed)["f1"]}
    if len(types) < 2:
        return metrics
    found = {name: count(gold, predicted, keep=_is_of(name)) for name in types}
    for name, counts in found.items():
        metrics |= named(counts, f"test/{re.sub(REFUSED, '_', name)}/")
    tested = [_scores(counts)["f1"] for counts in found.values() if counts[:, 2].any()]  # those that gold has
    return metrics | {"test/f1_macro": float(np.mean(tested or [0.0]))}


def detailed(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, Any]:
    """Return the scores of nervaluate's schemes, of mentions by their length, of boundaries and of documents."""
    found = {
        "relaxed": _scores(count_relaxed(gold, predicted)),
        "schemes": schemes(gold, predicted),
        "types": {name: _counted(count(gold, predicted, keep=_is_of(name))) for name in types_of([*gold, *predicted])},
        "words": {name: _counted(count(gold, predicted, keep=keep)) for name, keep in _LENGTHS.items()},
        "boundaries": boundaries(gold, predicted),
    }
    documents, sure = count_documents(gold, predicted), confidence(gold, predicted)
    if len(documents):
        found["documents"] = _counted(documents) | {"number": len(documents)}
    if sure is not None:
        found["calibration"] = {"error": sure.error} | asdict(sure)
    return found


def confidence(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> Reliability | None:
    """Return how sure the model is and how often it is right; `None` where it does not say, or finds nothing."""
    if any(len(guess.scores) != len(guess.spans) for guess in predicted) or not any(guess.spans for guess in predicted):
        return None
    return reliability(judged(gold, predicted))


def _is_of(label: str) -> Callable[[Sentence, Span], bool]:
    return lambda sentence, span: span.label == label


def _has_words(number: int) -> Callable[[Sentence, Span], bool]:
    return lambda sentence, span: min(span.end - span.start, LONG) == number


_LENGTHS = {f"{number}{' or more' if number == LONG else ''}": _has_words(number) for number in range(1, LONG + 1)}


def _scores(counts: Counts) -> Metrics:
    return dict(zip(SCORES, precision_recall_f1(counts.sum(axis=0)).tolist(), strict=True))


def _counted(counts: Counts) -> Metrics:
    """Return scores, and how many spans they are of; a predicted one counts by its own type and length."""
    _, predicted, gold = counts.sum(axis=0).tolist()
    return _scores(counts) | {"predicted": predicted, "gold": gold}
