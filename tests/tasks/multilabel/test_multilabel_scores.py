from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import GRID, devel_score, evaluate, record, threshold
from clinsynth.types import Evaluation, Predictions

LABELS = ("B", "A")
NOTHING = Predictions((), ())
TRUTH = ("B", "BA", "A", "", "B")
SCORES = ((0.9, 0.2), (0.6, 0.5), (0.7, 0.8), (0.1, 0.3), (0.4, 0.1))
"""Probabilities of B and A for the notes of TRUTH."""


def judged(truth: Sequence[str], scores: Sequence[Sequence[float]], labels: Sequence[str] = LABELS) -> Predictions:
    """`"BA"` is a note of which B and A hold."""
    gold, predicted = [], []
    for place, (letters, row) in enumerate(zip(truth, scores, strict=True)):
        gold.append(Note(f"note {place}", tuple(label for label in labels if label in letters)))
        named = tuple(zip(labels, row, strict=True))
        predicted.append(Note(f"note {place}", tuple(label for label, score in named if score >= 0.5), scores=named))
    return Predictions(gold, predicted)


def evaluated(truth: Sequence[str], scores: Sequence[Sequence[float]], devel: Predictions = NOTHING) -> Evaluation:
    return evaluate(judged(truth, scores), train=(), devel=devel)


def test_scores_of_a_case_that_was_counted_by_hand() -> None:
    """B: right 2, said 3, gold 3. A: right 2, said 2, gold 2. Together: 4, 5, 5."""
    found = evaluated(TRUTH, SCORES)
    expected = {
        "test/precision": 4 / 5,
        "test/recall": 4 / 5,
        "test/f1": 4 / 5,
        "test/B/precision": 2 / 3,
        "test/B/recall": 2 / 3,
        "test/B/f1": 2 / 3,
        "test/A/precision": 1,
        "test/A/recall": 1,
        "test/A/f1": 1,
        "test/precision_macro": 5 / 6,
        "test/recall_macro": 5 / 6,
        "test/f1_macro": 5 / 6,
        "test/B/average_precision": (1 / 1 + 2 / 3 + 3 / 4) / 3,
        "test/A/average_precision": 1,
        "test/average_precision_macro": ((1 / 1 + 2 / 3 + 3 / 4) / 3 + 1) / 2,
        "test/average_precision": (1 / 1 + 2 / 2 + 3 / 4 + 4 / 5 + 5 / 6) / 5,
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected)
    assert set(found.metrics) == {*expected, "test/f1_low", "test/f1_high"}
    assert found.counts.tolist() == [[1, 1, 1], [2, 2, 2], [1, 2, 1], [0, 0, 0], [0, 0, 1]]
    assert found.errors == {"said, is not": 1, "is, not said": 1}


CASES = st.lists(
    st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.lists(st.integers(0, 20), min_size=3, max_size=3)),
    min_size=1,
    max_size=10,
)


@pytest.mark.filterwarnings("ignore:No positive class found")
@settings(max_examples=40)
@given(CASES)
def test_scores_are_those_of_sklearn(drawn: list[tuple[list[bool], list[int]]]) -> None:
    labels = ("x", "y", "z")
    truth = np.array([row for row, _ in drawn])
    scores = np.array([row for _, row in drawn]) / 20
    words = ["".join(label for label, holds in zip(labels, row, strict=True) if holds) for row in truth]
    found = evaluate(judged(words, scores.tolist(), labels), train=(), devel=NOTHING).metrics
    for average, suffix in (("micro", ""), ("macro", "_macro")):
        expected = precision_recall_fscore_support(truth, scores >= 0.5, average=average, zero_division=0)
        names = [f"test/{name}{suffix}" for name in ("precision", "recall", "f1")]
        assert [found[name] for name in names] == pytest.approx(expected[:3])
    each = precision_recall_fscore_support(truth, scores >= 0.5, average=None, zero_division=0)
    for place, label in enumerate(labels):
        names = [f"test/{label}/{name}" for name in ("precision", "recall", "f1")]
        assert [found[name] for name in names] == pytest.approx([each[score][place] for score in range(3)])
        if truth[:, place].any():
            reference = average_precision_score(truth[:, place], scores[:, place])
            assert found[f"test/{label}/average_precision"] == pytest.approx(reference)
    if truth.any():
        reference = average_precision_score(truth, scores, average="micro")
        assert found["test/average_precision"] == pytest.approx(reference)
    assert 0 <= found["test/f1_low"] <= found["test/f1_high"] <= 1


def test_the_interval_holds_the_score() -> None:
    found = evaluated(TRUTH * 10, SCORES * 10).metrics
    assert 0 < found["test/f1_low"] < found["test/f1"] < found["test/f1_high"] < 1


def test_errors_are_told_by_kind() -> None:
    scores = ((0.9, 0.9), (0.1, 0.1), (0.1, 0.1), (0.9, 0.1), (0.5, 0.49))
    assert evaluated(TRUTH, scores).errors == {"said, is not": 2, "is, not said": 3}


ONE_LABEL = ("B",)


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [
        ("B-", (0.9, 0.1), 0.5),  # all from 0.15 to 0.9 are as good
        ("B-", (0.3, 0.1), 0.3),  # 0.15 to 0.3
        ("B-", (0.3, 0.29), 0.3),
        ("B-", (0.95, 0.72), 0.75),  # 0.75 to 0.95
        ("BB--", (0.6, 0.35, 0.2, 0.1), 0.35),  # at 0.35 a score of 0.35 counts
        ("--", (0.9, 0.1), 0.5),  # nothing is right anywhere
        ("BB", (0.01, 0.02), 0.5),
        ("BBB", (0.06, 0.07, 0.08), 0.05),
        ("B--B", (0.9, 0.53, 0.54, 0.07), 0.55),  # 2/3 from 0.55 on, and 2/3 at 0.05
        ("B--B", (0.9, 0.53, 0.54, 0.36), 0.55),  # 2/3 from 0.55 on, and 2/3 up to 0.35
        ("B--B", (0.9, 0.63, 0.64, 0.42), 0.4),  # 2/3 from 0.65 on, and 2/3 up to 0.4
    ],
)
def test_the_best_threshold_nearest_to_a_half_is_chosen(truth: str, scores: Sequence[float], expected: float) -> None:
    devel = judged(list(truth), [[score] for score in scores], ONE_LABEL)
    assert threshold(devel, labels=ONE_LABEL) == pytest.approx(expected)


def test_a_threshold_of_a_half_is_among_those_to_choose_from() -> None:
    assert 0.5 in GRID.tolist()
    assert len(GRID) == 19
    assert (GRID.min(), GRID.max()) == (0.05, 0.95)


def test_scores_at_the_chosen_threshold() -> None:
    """At 0.3 all of validation is right; of the test notes three are said, two of them rightly."""
    devel = judged(["B", "A", ""], [(0.3, 0.1), (0.2, 0.35), (0.1, 0.2)])
    found = evaluated(["B", "A", "BA", ""], [(0.31, 0.1), (0.45, 0.1), (0.29, 0.3), (0.2, 0.2)], devel)
    expected = {
        "test/threshold": 0.3,
        "test/precision_chosen": 2 / 3,
        "test/recall_chosen": 2 / 4,
        "test/f1_chosen": 4 / 7,
        "test/f1": 0.0,
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected)


def test_without_validation_data_no_threshold_is_chosen() -> None:
    found = evaluated(TRUTH, SCORES)
    assert not [name for name in found.metrics if "chosen" in name or "threshold" in name]
    assert list(found.curves["all labels"].marks) == ["threshold 0.5"]


def test_what_is_chosen_changes_no_other_score() -> None:
    devel = judged(["B"], [(0.2, 0.1)])
    with_devel, without = evaluated(TRUTH, SCORES, devel), evaluated(TRUTH, SCORES)
    assert {name: with_devel.metrics[name] for name in without.metrics} == without.metrics
    assert with_devel.counts.tolist() == without.counts.tolist()


def test_a_curve_for_all_labels_and_one_for_each() -> None:
    devel = judged(["B", ""], [(0.25, 0.1), (0.1, 0.1)])
    curves = evaluated(TRUTH, SCORES, devel).curves
    assert list(curves) == ["all labels", "B", "A"]
    assert curves["all labels"].marks == {
        "threshold 0.5": pytest.approx((4 / 5, 4 / 5)),
        "chosen: 0.25": pytest.approx((5 / 5, 5 / 7)),
    }
    assert curves["B"].marks == curves["A"].marks == {}
    points = set(zip(np.round(curves["B"].recall, 6), np.round(curves["B"].precision, 6), strict=True))
    assert points >= {(0.333333, 1.0), (0.666667, 0.666667), (1.0, 0.75)}
    assert max(curves["A"].recall) == 1.0


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [(TRUTH, SCORES, 4 / 5), (("B",), ((0.5, 0.49),), 1.0), (("B",), ((0.49, 0.1),), 0.0)],
)
def test_a_checkpoint_is_judged_at_a_half(
    truth: Sequence[str], scores: Sequence[Sequence[float]], expected: float
) -> None:
    found = judged(truth, scores)
    assert devel_score(found.gold, predicted=found.predicted) == pytest.approx(expected)


def test_a_line_of_the_predictions() -> None:
    scores = (("A1", 0.123456), ("A2", 0.5), ("B4", 0.99999))
    predicted = Note("Covers his ears.", ("A2", "B4"), scores=scores)
    assert record(Note("Looks away.", ("A1",), weight=0.25), predicted=predicted) == {
        "text": "Looks away.",
        "gold": ["A1"],
        "predicted": ["A2", "B4"],
        "scores": {"A1": 0.1235, "A2": 0.5, "B4": 1.0},
    }
