"""Strict entity scores: exact boundary and type, micro, as seqeval (`mode="strict"`, IOB2), and others beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinsynth.scoring import named, precision_recall_f1, scored
from clinsynth.task import Headline
from clinsynth.tasks.ner.counts import count, errors
from clinsynth.tasks.ner.details import confidence, detailed, further, types_of
from clinsynth.text.entities import Sentence, Span
from clinsynth.types import Evaluation, Predictions

HEADLINE = Headline()
COLUMNS: Mapping[str, str] = {"seen": "test/f1_seen", "unseen": "test/f1_unseen"}


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
    metrics |= further(gold, predicted, types=types_of([*train, *gold, *predicted]))
    return Evaluation(
        metrics,
        errors=errors(gold, predicted),
        counts=counts,
        reliability=confidence(gold, predicted),
        details=detailed(gold, predicted),
    )


def devel_score(gold: Sequence[Sentence], *, predicted: Sequence[Sentence]) -> float:
    return float(precision_recall_f1(count(gold, predicted).sum(axis=0))[2])


def record(gold: Sentence, *, predicted: Sentence) -> dict[str, Any]:
    """Return a line with the sentence; one of a document says where it begins there, and how sure the model is."""
    line: dict[str, Any] = {"text": gold.text, "gold": gold.entities(), "predicted": predicted.entities()}
    if gold.origin is not None:
        line |= {"document": gold.origin.document, "start": gold.origin.start}
        line |= {"scores": [round(score, 6) for score in predicted.scores]}
    return line
