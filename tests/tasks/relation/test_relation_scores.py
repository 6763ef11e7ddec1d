from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from clinsynth import datasets, tasks
from clinsynth.scoring import precision_recall_f1
from clinsynth.tasks.relation.gold import Relation
from clinsynth.tasks.relation.scores import always_positive, count, devel_score, evaluate, record
from clinsynth.types import Evaluation, Predictions
from support import CORPORA, Composed, needs_corpora

TRUTH = "YYYNNNNN"
SCORES = (0.9, 0.6, 0.2, 0.8, 0.3, 0.1, 0.4, 0.05)
"""Of the sentences of TRUTH: two of three are found, and one is said that is none."""


def rows(labels: str, scores: Sequence[float] | None = None) -> list[Relation]:
    """`"YN"` as a sentence that says yes and one that says no."""
    given = scores or [None] * len(labels)
    return [
        Relation(f"{place} @GENE$ @DISEASE$", {"Y": "Yes", "N": "No"}[label], score=score)
        for place, (label, score) in enumerate(zip(labels, given, strict=True))
    ]


def evaluated(labels: str, scores: Sequence[float]) -> Evaluation:
    predicted = rows("".join("Y" if score > 0.5 else "N" for score in scores), scores)
    return evaluate(Predictions(rows(labels), predicted), train=(), devel=Predictions((), ()))


def test_scores_are_those_of_the_positive_class() -> None:
    found = evaluated(TRUTH, SCORES)
    # true positives 2, predicted 3, gold 3; of 8 sentences 3 are positive
    expected = {
        "test/precision": 2 / 3,
        "test/recall": 2 / 3,
        "test/f1": 2 / 3,
        "test/f1_always_positive": 6 / 11,
        "test/average_precision": (1 / 1 + 2 / 3 + 3 / 6) / 3,
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected)
    assert set(found.metrics) == {*expected, "test/f1_low", "test/f1_high"}
    assert found.counts.tolist() == [
        *([1, 1, 1], [1, 1, 1], [0, 0, 1], [0, 1, 0]),
        *([[0, 0, 0]] * 4),
    ]


def test_errors_are_told_by_kind() -> None:
    assert evaluated(TRUTH, SCORES).errors == {"said yes, is no": 1, "said no, is yes": 1}
    assert evaluated("YYNN", (0.1, 0.1, 0.9, 0.1)).errors == {"said yes, is no": 1, "said no, is yes": 2}
    assert evaluated("YN", (0.9, 0.1)).errors == {"said yes, is no": 0, "said no, is yes": 0}


def test_the_interval_holds_the_score() -> None:
    found = evaluated(TRUTH * 10, SCORES * 10).metrics
    assert 0 < found["test/f1_low"] < found["test/f1"] < found["test/f1_high"] < 1
    wider = evaluated(TRUTH, SCORES).metrics
    assert wider["test/f1_low"] < found["test/f1_low"] < found["test/f1_high"] < wider["test/f1_high"]
    perfect = evaluated("YN" * 20, (0.9, 0.1) * 20).metrics
    assert perfect["test/f1_low"] == perfect["test/f1"] == perfect["test/f1_high"] == 1


@pytest.mark.filterwarnings("ignore:No positive class found")
@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ("YNYN", (0.9, 0.8, 0.7, 0.1), (1 / 1 + 2 / 3) / 2),
        ("NNY", (0.9, 0.8, 0.7), 1 / 3),
        ("YYN", (0.4, 0.3, 0.2), 1.0),
        ("YNN", (0.5, 0.5, 0.5), 1 / 3),
        ("NN", (0.9, 0.1), 0.0),
    ],
    ids=["one between", "last", "first, below the threshold", "all alike", "none positive"],
)
def test_average_precision_is_the_mean_precision_at_each_positive(
    labels: str, scores: Sequence[float], expected: float
) -> None:
    assert evaluated(labels, scores).metrics["test/average_precision"] == pytest.approx(expected)


def test_the_curve_is_marked_where_the_model_says_yes() -> None:
    found = evaluated(TRUTH, SCORES)
    (curve,) = found.curves.values()
    assert list(found.curves) == ["relations"]
    assert curve.marks == {"threshold 0.5": pytest.approx((2 / 3, 2 / 3))}
    assert len(curve.recall) == len(curve.precision)
    points = set(zip(np.round(curve.recall, 6), np.round(curve.precision, 6), strict=True))
    assert points >= {(0.333333, 1.0), (0.666667, 0.666667), (1.0, 0.5)}
    assert (max(curve.recall), min(curve.recall)) == (1.0, 0.0)


def test_the_mark_is_recall_and_precision() -> None:
    (curve,) = evaluated("YYYN", (0.9, 0.1, 0.2, 0.3)).curves.values()
    assert curve.marks["threshold 0.5"] == pytest.approx((1 / 3, 1.0))


LABELS = st.lists(st.tuples(st.sampled_from("YN"), st.sampled_from("YN")), min_size=1, max_size=12)


@given(LABELS)
def test_scores_are_those_of_sklearn(drawn: list[tuple[str, str]]) -> None:
    gold, predicted = (rows("".join(labels)) for labels in zip(*drawn, strict=True))
    reference = precision_recall_fscore_support(
        [row.label for row in gold],
        [row.label for row in predicted],
        labels=["No", "Yes"],
        pos_label="Yes",
        average="binary",
        zero_division=0,
    )
    found = precision_recall_f1(count(gold, predicted).sum(axis=0))
    assert found == pytest.approx(reference[:3])
    assert devel_score(gold, predicted=predicted) == pytest.approx(reference[2])


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [("Y", "Y", (1, 1, 1)), ("Y", "N", (0, 0, 1)), ("N", "Y", (0, 1, 0)), ("N", "N", (0, 0, 0))],
)
def test_counts_of_a_sentence(gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    assert count(rows(gold), rows(predicted)).tolist() == [list(expected)]


def test_counts_of_no_sentences() -> None:
    assert count([], []).shape == (0, 3)
    assert devel_score([], predicted=[]) == 0.0


def test_sentences_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        count(rows("YN"), rows("Y"))


@pytest.mark.parametrize(("labels", "expected"), [("YN", 2 / 3), ("Y", 1.0), ("N", 0.0), ("YYYN", 6 / 7)])
def test_what_always_saying_yes_scores(labels: str, expected: float) -> None:
    assert always_positive(rows(labels)) == pytest.approx(expected)
    assert always_positive(rows(labels)) == devel_score(rows(labels), predicted=rows("Y" * len(labels)))


@needs_corpora
@pytest.mark.parametrize(("name", "expected"), [("gad", 0.690), ("euadr", 0.844)])
def test_what_always_saying_yes_scores_on_the_gold_corpora(name: str, expected: float, composed: Composed) -> None:
    settings = composed("train", f"dataset={name}")
    found = datasets.open_gold(tasks.open(settings.dataset), data=CORPORA)
    assert round(always_positive(found.test), 3) == expected


def test_a_line_of_the_predictions() -> None:
    text = "Loss of @GENE$ causes @DISEASE$ in most boys."
    assert record(Relation(text, "Yes"), predicted=Relation(text, "No", score=0.25)) == {
        "text": text,
        "gold": "Yes",
        "predicted": "No",
        "score": 0.25,
    }
