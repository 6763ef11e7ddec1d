from __future__ import annotations

import statistics

import numpy as np
import pytest

from clinsynth.reports.arms import Arm, ScoredRun, best_arm, difference
from clinsynth.scoring import Counts
from clinsynth.types import Outcomes


def outcomes(counts: Counts | None, *, places: list[int] | None = None) -> Outcomes | None:
    return None if counts is None else Outcomes(np.arange(len(counts)) if places is None else np.array(places), counts)


def arm(*f1: float, jobs: int = 2, counts: Counts | None = None, places: list[int] | None = None) -> Arm:
    found = outcomes(counts, places=places)
    runs = [ScoredRun(f"run{place}", {"test/f1": value}, found) for place, value in enumerate(f1)]
    return Arm("original", runs=runs, jobs=jobs)


def test_an_arm_tells_mean_deviation_and_what_is_missing() -> None:
    two = arm(0.5, 0.7, jobs=3)
    assert two.mean("test/f1") == pytest.approx(0.6)
    assert two.deviation("test/f1") == pytest.approx(0.1414, abs=1e-4)
    assert two.missing == 1
    assert two.mean("test/recall") is None
    assert arm(0.5).deviation("test/f1") is None
    assert arm().mean("test/f1") is None


def test_the_best_arm_is_one_that_has_runs() -> None:
    low, high, none = arm(0.2), arm(0.8, 0.6), arm()
    assert best_arm([low, none, high]) is high
    assert best_arm([none]) is None


def test_a_difference_is_paired_on_the_same_examples() -> None:
    generator = np.random.default_rng(0)
    gold = generator.integers(0, 3, 400)
    good = np.stack([gold, gold, gold], axis=1)
    poor = np.stack([gold // 2, gold, gold], axis=1)
    found = difference(arm(1.0, counts=good), arm(0.5, counts=poor))
    assert found is not None
    exact = 1 - (gold // 2).sum() / gold.sum()
    assert found.value == pytest.approx(exact)
    assert found.low < exact < found.high
    assert found.low > 0
    same = difference(arm(1.0, counts=good), arm(1.0, counts=good))
    assert same is not None
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_a_part_of_the_test_set_is_compared_on_that_part() -> None:
    whole = np.array([[1, 1, 1], [0, 2, 2], [1, 1, 1], [0, 1, 3]])
    part = np.array([[2, 2, 2], [3, 3, 3]])
    found = difference(arm(0.9, counts=part, places=[1, 3]), arm(0.5, counts=whole))
    assert found is not None
    assert (found.value, found.examples) == (1.0, 2)
    assert str(found) == "+100.0 [+100.0, +100.0]"


def test_an_arm_of_a_part_says_so_and_is_not_the_best_arm() -> None:
    metrics = {"test/f1": 0.9, "answers/found": 100.0, "answers/missing": 840.0}
    asked = Arm("zero_shot", runs=[ScoredRun("1", metrics, None)], jobs=1)
    assert asked.title == "zero_shot (100 of 940)"
    assert best_arm([asked, low := arm(0.2)]) is low
    assert best_arm([asked, arm()]) is asked


def test_other_scores_than_f1_can_be_compared() -> None:
    counts = np.array([[1, 2, 4]] * 3)
    found = difference(arm(0.5, counts=counts), arm(0.5, counts=np.array([[0, 0, 4]] * 3)), score="recall")
    assert found is not None
    assert found.value == pytest.approx(0.25)


def test_another_test_set_has_no_difference() -> None:
    first, second = np.array([[1, 1, 1], [0, 1, 2]]), np.array([[1, 1, 1], [0, 1, 1]])
    assert difference(arm(0.5, counts=first), arm(0.5, counts=second)) is None
    assert difference(arm(0.5, counts=first[:1]), arm(0.5, counts=first[1:], places=[1])) is None
    assert difference(arm(0.5, counts=first), arm(0.5)) is None
    assert difference(arm(), arm(0.5, counts=first)) is None


def test_runs_of_an_arm_are_averaged_before_they_are_compared() -> None:
    right, wrong = np.array([[1, 1, 1]] * 4), np.array([[0, 1, 1]] * 4)
    mixed = Arm("a", runs=[ScoredRun(str(at), {}, outcomes(found)) for at, found in enumerate((right, wrong))])
    found = difference(mixed, arm(1.0, counts=right))
    assert found is not None
    assert found.value == pytest.approx(-0.5)


@pytest.mark.parametrize("values", [[0.5], [0.4, 0.6], [0.1, 0.2, 0.6]])
def test_mean_and_deviation_over_seeds(values: list[float]) -> None:
    found = arm(*values)
    assert found.mean("test/f1") == pytest.approx(sum(values) / len(values))
    assert found.deviation("test/f1") == (pytest.approx(statistics.stdev(values)) if len(values) > 1 else None)


def test_runs_without_a_metric_are_left_out_of_its_mean() -> None:
    found = Arm("mine", runs=[ScoredRun("1", {"a": 1.0}), ScoredRun("2", {"a": 3.0, "b": 7.0})])
    assert (found.mean("a"), found.mean("b"), found.deviation("b"), found.mean("c")) == (2.0, 7.0, None, None)
