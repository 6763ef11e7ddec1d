from __future__ import annotations

import numpy as np
import pytest

from clinsynth.tasks.ner.calibration import above, chosen_thresholds, judged, reliability
from clinsynth.text.entities import Sentence, Span
from support import sentence


def guessed(text: str, *scores: float, label: str = "Disease") -> Sentence:
    found = sentence(text, label=label)
    return found.marked(found.spans, scores=scores)


GOLD = [sentence("a/B b c/B d"), sentence("a b/B")]
GUESSED = [guessed("a/B b/B c d", 0.95, 0.65), guessed("a/B b/B", 0.15, 0.95)]


def test_predicted_spans_are_judged_in_their_order() -> None:
    scores, right = judged(GOLD, GUESSED)
    assert scores.tolist() == [0.95, 0.65, 0.15, 0.95]
    assert right.tolist() == [True, False, False, True]


def test_bins_say_how_often_a_confidence_is_right() -> None:
    found = reliability(judged(GOLD, GUESSED))
    assert found.spans == [1, 1, 2]
    assert found.confidence == pytest.approx([0.15, 0.65, 0.95])
    assert found.precision == [0.0, 0.0, 1.0]
    assert found.error == pytest.approx((0.15 + 0.65 + 2 * 0.05) / 4)


def test_a_model_that_knows_has_no_error() -> None:
    sure = np.array([1.0] * 3 + [0.5] * 2), np.array([True] * 3 + [True, False])
    assert reliability(sure).error == pytest.approx(0.0)


def test_a_threshold_is_the_lowest_of_the_best_f1() -> None:
    assert chosen_thresholds(GOLD, GUESSED) == {"Disease": 0.95}
    assert chosen_thresholds(GOLD, [guessed("a/B b c/B d", 0.2, 0.4), guessed("a b/B", 0.3)]) == {"Disease": 0.0}


def test_each_type_has_a_threshold_of_its_own() -> None:
    gold = [*GOLD, sentence("x/B", label="Drug")]
    assert chosen_thresholds(gold, [*GUESSED, guessed("x/B", 0.1, label="Drug")]) == {"Disease": 0.95, "Drug": 0.0}


def test_a_threshold_is_no_higher_than_the_score_that_it_is_taken_from() -> None:
    assert chosen_thresholds([sentence("a/B b")], [guessed("a/B b/B", 2 / 3, 1 / 3)]) == {"Disease": 0.666666}


def test_spans_below_their_threshold_go() -> None:
    found = above(guessed("a/B b c/B d/B", 0.2, 0.9, 0.5), thresholds={"Disease": 0.5})
    assert found.spans == (Span(2, 3, "Disease"), Span(3, 4, "Disease"))
    assert found.scores == (0.9, 0.5)
    kept = guessed("a/B", 0.2)
    assert above(kept, thresholds={"Drug": 0.5}) == kept
