"""What becomes of gold and predicted spans under several ideas of what is right (SemEval 2013 task 9; nervaluate).

Of spans that do not overlap each other the pairs are those of nervaluate 1.2, whose examples are the tests; of nested
ones the very same span goes first, so that their order does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

import numpy as np

from clinsynth.scoring import SCORES, Counts, precision_recall_f1
from clinsynth.text.entities import Sentence, Span

Pair = tuple[Span, Span]
"""A gold span, and the predicted one that stands for it."""

OUTCOMES = ("correct", "incorrect", "partial", "missed", "spurious")

SCHEMES: dict[str, Callable[[bool, bool], str]] = {
    "strict": lambda place, label: "correct" if place and label else "incorrect",
    "exact": lambda place, label: "correct" if place else "incorrect",
    "partial": lambda place, label: "correct" if place else "partial",
    "type": lambda place, label: "correct" if label else "incorrect",
}
"""What a pair counts as, by whether place and label are the same."""


def pairs(gold: Collection[Span], predicted: Collection[Span], *, typed: bool = False) -> list[Pair]:
    """Return which predicted span stands for which gold one; either stands in one pair at most.

    Where `typed`, gold of the same label goes before other gold that overlaps, the closest first.
    """
    same = set(gold) & set(predicted)
    found = [(span, span) for span in sorted(same)]
    left, right = sorted(set(gold) - same), sorted(set(predicted) - same)
    for fits in (_is_same_place, Span.overlaps):
        for guess in list(right):
            near = [span for span in left if fits(span, guess)]
            if near:
                truth = min(near, key=partial(_distance, guess)) if typed else near[0]
                found.append((truth, guess))
                left.remove(truth)
                right.remove(guess)
    return found


def _distance(guess: Span, span: Span) -> tuple[bool, int]:
    if span.label != guess.label:
        return True, 0  # of these the first
    return False, abs(span.start - guess.start) + abs(span.end - guess.end)


def _is_same_place(span: Span, other: Span) -> bool:
    return (span.start, span.end) == (other.start, other.end)


def schemes(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, dict[str, float]]:
    """Return for each scheme how often each of `OUTCOMES` comes, and precision, recall and F1 of them."""
    tallies: dict[str, Counter[str]] = {name: Counter() for name in SCHEMES}
    for truth, guess in zip(gold, predicted, strict=True):
        found = {typed: pairs(truth.spans, guess.spans, typed=typed) for typed in (False, True)}
        for name, judge in SCHEMES.items():
            paired = found[name == "type"]
            tallies[name].update(judge(_is_same_place(*pair), pair[0].label == pair[1].label) for pair in paired)
            tallies[name]["missed"] += len(truth.spans) - len(paired)
            tallies[name]["spurious"] += len(guess.spans) - len(paired)
    return {name: {kind: tally[kind] for kind in OUTCOMES} | _scores(tally) for name, tally in tallies.items()}


def _scores(tally: Counter[str]) -> dict[str, float]:
    """Return scores in which a partial match is half a match."""
    matched = sum(tally[kind] for kind in ("correct", "incorrect", "partial"))
    halves = 2 * tally["correct"] + tally["partial"]
    counts = np.array([halves, 2 * (matched + tally["spurious"]), 2 * (matched + tally["missed"])])
    return dict(zip(SCORES, precision_recall_f1(counts).tolist(), strict=True))


def count_relaxed(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> Counts:
    """Return an array [sentences, 3] of predicted spans that overlap gold of their type, predicted and gold spans.

    One gold span makes one predicted span right, so that a long guess over many of them is no way to win.
    """
    rows = []
    for truth, guess in zip(gold, predicted, strict=True):
        labels = {span.label for span in truth.spans}
        right = (pairs(_of(label, truth.spans), _of(label, guess.spans)) for label in labels)
        rows.append((sum(map(len, right)), len(guess.spans), len(truth.spans)))
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _of(label: str, spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if span.label == label]


def boundaries(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> dict[str, int]:
    """Count predicted spans of the right type at a wrong place: longer than gold, shorter, or shifted."""
    kinds = Counter(longer=0, shorter=0, shifted=0)
    for truth, guess in zip(gold, predicted, strict=True):
        for span, said in pairs(truth.spans, guess.spans):
            if span.label == said.label and not _is_same_place(span, said):
                kinds[_shift(span, said)] += 1
    return dict(kinds)


def _shift(span: Span, said: Span) -> str:
    if said.start <= span.start and span.end <= said.end:
        return "longer"
    return "shorter" if span.start <= said.start and said.end <= span.end else "shifted"
