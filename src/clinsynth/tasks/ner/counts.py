"""Counts of right, predicted and gold spans, and of errors by kind.

seqeval (`mode="strict"`, IOB2) is the reference in the tests; the counts are our own because intervals, paired tests
and the split into seen and unseen mentions need them sentence by sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from clinsynth.scoring import Counts
from clinsynth.text.entities import Sentence, Span


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


def count_documents(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> Counts:
    """Return an array [documents, 3] of the different mentions (case folded, with type) that each has.

    Sentences that are of no document are left out.
    """
    sides = _by_document(gold, gold), _by_document(gold, predicted)
    rows = [(len(truth & sides[1][name]), len(sides[1][name]), len(truth)) for name, truth in sides[0].items()]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _by_document(gold: Sequence[Sentence], marked: Sequence[Sentence]) -> dict[str, set[tuple[str, str]]]:
    """Return the mentions that are marked, with their types, by the document that gold says a sentence is of."""
    found: dict[str, set[tuple[str, str]]] = {}
    for truth, sentence in zip(gold, marked, strict=True):
        if truth.origin is not None:
            mentions = {(truth.mention(span).casefold(), span.label) for span in sentence.spans}
            found.setdefault(truth.origin.document, set()).update(mentions)
    return found


def errors(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, int]:
    """Count wrong spans by kind.

    A predicted one is a `type` error where gold has another type at its very place (counted where it comes), a
    `boundary` error where it overlaps gold, else `spurious`; gold that no prediction touches is `missed`.
    """
    kinds: Counter[str] = Counter(boundary=0, missed=0, spurious=0)
    for truth, guess in zip(gold, predicted, strict=True):
        places = {(span.start, span.end) for span in truth.spans}
        for span in set(guess.spans) - set(truth.spans):
            near = "type" if (span.start, span.end) in places else "boundary"
            kinds[near if _touches(span, truth.spans) else "spurious"] += 1
        for span in truth.spans:
            kinds["missed"] += not _touches(span, guess.spans)
    return dict(kinds)


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(map(span.overlaps, others))
