from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from clinsynth.tasks.classes import scores
from clinsynth.tasks.classes.examples import Classified
from clinsynth.types import Predictions

CLASSES = ["x", "y", "none"]
PAIRS = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=40)


def texts(labels: list[str], *, negative: str | None) -> list[Classified]:
    return [Classified(f"text {number}", label, negative=negative) for number, label in enumerate(labels)]


def judged(pairs: list[tuple[str, str]], *, negative: str | None = "none") -> scores.Evaluation:
    gold, said = (texts([pair[place] for pair in pairs], negative=negative) for place in (0, 1))
    return scores.judge(gold, said, labels=CLASSES)


@given(PAIRS, st.sampled_from([None, "none"]))
def test_scores_are_those_of_sklearn(pairs: list[tuple[str, str]], negative: str | None) -> None:
    found = judged(pairs, negative=negative).metrics
    gold, said = zip(*pairs, strict=True)
    counted = [label for label in CLASSES if label != negative]
    for average, end in (("micro", ""), ("macro", "_macro")):
        labels = counted if average == "micro" else [label for label in counted if label in {*gold, *said}]
        if not labels:
            continue
        expected = precision_recall_fscore_support(gold, said, labels=labels, average=average, zero_division=0)
        measured = [found[f"test/{name}{end}"] for name in ("precision", "recall", "f1")]
        assert measured == pytest.approx(expected[:3])
    assert found["test/accuracy"] == pytest.approx(accuracy_score(gold, said))
    for label in CLASSES:
        expected = precision_recall_fscore_support(gold, said, labels=[label], average=None, zero_division=0)
        measured = [found[f"test/{label}/{name}"] for name in ("precision", "recall", "f1")]
        assert measured == pytest.approx([float(value[0]) for value in expected[:3]])


@given(PAIRS)
def test_the_confusion_is_that_of_sklearn(pairs: list[tuple[str, str]]) -> None:
    found = judged(pairs)
    assert found.confusion is not None
    expected = confusion_matrix(*zip(*pairs, strict=True), labels=CLASSES)
    assert np.array_equal(np.array(found.confusion.counts), expected)
    assert found.confusion.labels == found.confusion.predicted == tuple(CLASSES)
    wrong = sum(one != other for one, other in pairs)
    assert sum(found.errors.values()) == wrong


def test_counts_are_what_the_headline_is_made_of() -> None:
    pairs = [("x", "x"), ("x", "y"), ("x", "none"), ("none", "y"), ("none", "none"), ("y", "")]
    found = judged(pairs)
    assert found.counts.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert found.metrics["test/f1"] == pytest.approx(2 * 1 / (3 + 4))
    assert found.errors == {"wrong class": 1, "missed": 2, "made up": 1}
    assert found.metrics["test/f1_low"] <= found.metrics["test/f1"] <= found.metrics["test/f1_high"]


def test_a_text_in_no_class_has_a_column_of_its_own_and_is_not_right() -> None:
    found = judged([("none", ""), ("x", "x")])
    assert found.confusion is not None
    assert found.confusion.predicted == ("x", "y", "none", scores.NO_ANSWER)
    assert found.confusion.counts[2] == (0, 0, 0, 1)
    assert found.metrics["test/accuracy"] == 0.5


def test_without_a_negative_class_micro_f1_is_the_accuracy() -> None:
    found = judged([("x", "x"), ("y", "x"), ("none", "none")], negative=None).metrics
    assert found["test/f1"] == found["test/accuracy"] == pytest.approx(2 / 3)
    assert found["test/f1_macro"] == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_probabilities_give_each_class_an_average_precision() -> None:
    gold = texts(["x", "y"], negative=None)
    said = [
        Classified("text 0", "x", scores=(("x", 0.7), ("y", 0.2), ("none", 0.1))),
        Classified("text 1", "x", scores=(("x", 0.5), ("y", 0.4), ("none", 0.1))),
    ]
    metrics = scores.evaluate(Predictions(gold, said), train=(), devel=Predictions((), ())).metrics
    assert (metrics["test/x/average_precision"], metrics["test/y/average_precision"]) == (1.0, 1.0)
    assert metrics["test/accuracy"] == 0.5
    assert scores.record(gold[1], predicted=said[1])["scores"] == {"x": 0.5, "y": 0.4, "none": 0.1}
    assert scores.devel_score(gold, predicted=said) == 0.5
