from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.scoring import Counts, average_precision, bootstrap_f1, curve, named, precision_recall_f1


def rows(*counts: tuple[int, int, int]) -> Counts:
    return np.array(counts, dtype=np.int64).reshape(-1, 3)


@pytest.fixture
def sane() -> Counts:
    """200 sentences with a gold span each, of which two thirds are found, and some spurious ones."""
    return rows(*[(int(i % 3 > 0), int(i % 3 > 0) + int(i % 5 == 0), 1) for i in range(200)])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1, 1), (1, 1, 1)),
        ((1, 2, 4), (0.5, 0.25, 1 / 3)),
        ((3, 4, 6), (0.75, 0.5, 0.6)),
        ((0, 0, 0), (0, 0, 0)),
        ((0, 5, 0), (0, 0, 0)),
        ((0, 0, 5), (0, 0, 0)),
    ],
)
def test_scores_of_counts(counts: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    assert precision_recall_f1(np.array(counts)) == pytest.approx(expected)


def test_many_counts_at_once() -> None:
    assert precision_recall_f1(rows((1, 1, 1), (0, 2, 2))).tolist() == [[1, 1, 1], [0, 0, 0]]


@given(st.tuples(*[st.integers(0, 50)] * 3).map(lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[0] + drawn[2])))
def test_f1_lies_between_precision_and_recall(counts: tuple[int, int, int]) -> None:
    precision, recall, f1 = precision_recall_f1(np.array(counts))
    assert 0 <= min(precision, recall) - 1e-12 <= f1 + 1e-12 or f1 == 0
    assert f1 <= max(precision, recall) + 1e-12 <= 1 + 1e-12


def test_interval_contains_the_score(sane: Counts) -> None:
    low, high = bootstrap_f1(sane)
    score = precision_recall_f1(sane.sum(axis=0))[2]
    assert low < score < high
    assert 0.05 < high - low < 0.2


def test_interval_is_that_of_plain_resampling(sane: Counts) -> None:
    generator = np.random.default_rng(7)
    scores = [
        precision_recall_f1(sane[generator.integers(0, len(sane), len(sane))].sum(axis=0))[2] for _ in range(2000)
    ]
    assert bootstrap_f1(sane, resamples=2000) == pytest.approx(np.quantile(scores, [0.025, 0.975]), abs=0.01)


def test_interval_depends_on_the_seed_alone(sane: Counts) -> None:
    assert bootstrap_f1(sane, seed=3) == bootstrap_f1(sane.copy(), seed=3)
    assert bootstrap_f1(sane, seed=3) != bootstrap_f1(sane, seed=4)


def test_interval_is_narrower_at_a_lower_level(sane: Counts) -> None:
    wide, narrow = bootstrap_f1(sane, level=0.95), bootstrap_f1(sane, level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [(rows(), (0, 0)), (rows((0, 0, 0), (0, 0, 0)), (0, 0)), (rows((1, 1, 1), (2, 2, 2)), (1, 1))],
    ids=["no examples", "no spans", "all right"],
)
def test_interval_without_spread(counts: Counts, expected: tuple[float, float]) -> None:
    assert bootstrap_f1(counts) == expected


@pytest.mark.parametrize(
    ("prefix", "suffix", "names"),
    [
        ("test/", "", ["test/precision", "test/recall", "test/f1"]),
        ("test/A1/", "_chosen", ["test/A1/precision_chosen", "test/A1/recall_chosen", "test/A1/f1_chosen"]),
    ],
)
def test_scores_have_names(prefix: str, suffix: str, names: list[str]) -> None:
    found = named(rows((1, 1, 1), (0, 1, 3)), prefix, suffix)
    assert list(found) == names
    assert list(found.values()) == pytest.approx([1 / 2, 1 / 4, 1 / 3])
    assert all(type(value) is float for value in found.values())  # MLflow and JSON take no other


def test_scores_of_no_rows_are_0() -> None:
    assert named(rows(), "") == {"precision": 0, "recall": 0, "f1": 0}


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [
        ("1010", (0.9, 0.8, 0.7, 0.1), (1 / 1 + 2 / 3) / 2),
        ("001", (0.9, 0.8, 0.7), 1 / 3),
        ("110", (0.2, 0.3, 0.1), 1.0),
        ("1000", (0.5, 0.5, 0.5, 0.5), 1 / 4),
        ("11", (0.1, 0.2), 1.0),
        ("00", (0.9, 0.1), 0.0),
    ],
    ids=["one between", "last", "first", "all alike", "all true", "none true"],
)
def test_average_precision_is_the_mean_precision_at_each_truth(
    truth: str, scores: tuple[float, ...], expected: float
) -> None:
    held = np.array([letter == "1" for letter in truth])
    assert average_precision(held, np.array(scores)) == pytest.approx(expected)


def test_a_curve_falls_to_no_recall_and_marks_its_thresholds() -> None:
    truth, scores = np.array([True, True, False, False]), np.array([0.9, 0.3, 0.6, 0.1])
    found = curve(truth, scores, thresholds={"half": 0.5, "low": 0.3, "high": 0.95})
    assert found.marks == {
        "half": pytest.approx((1 / 2, 1 / 2)),
        "low": pytest.approx((1.0, 2 / 3)),  # a score of 0.3 counts
        "high": (0.0, 0.0),
    }
    assert found.recall == pytest.approx([1.0, 1.0, 0.5, 0.5, 0.0])
    assert found.precision == pytest.approx([0.5, 2 / 3, 0.5, 1.0, 1.0])
    assert (type(found.recall), type(found.precision)) == (list, list)


def test_a_curve_may_have_no_marks() -> None:
    assert curve(np.array([True, False]), np.array([0.9, 0.1]), thresholds={}).marks == {}
