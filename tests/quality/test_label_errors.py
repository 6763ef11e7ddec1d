"""Labels that models which have not learnt from them take for errors."""

from __future__ import annotations

import numpy as np
import pytest

from clinsynth.errors import ConfigError
from clinsynth.learning.folds import out_of_fold
from clinsynth.learning.sets import TrainingSet
from clinsynth.quality.label_errors import find_label_errors


def test_a_label_that_everything_speaks_against_is_doubted() -> None:
    """Of words in sentences, among which the third label does not occur."""
    chance = np.random.default_rng(0)
    targets = [[0, 1, 0, 0] for _ in range(40)]
    rows = [np.array([[0.9, 0.08, 0.02], [0.08, 0.9, 0.02]])[own] + chance.uniform(0, 0.02, (4, 3)) for own in targets]
    targets[7][2], targets[30][1] = 1, 0
    found = find_label_errors(rows, targets)
    assert {(doubt.example, doubt.unit) for doubt in found} == {(7, 2), (30, 1)}
    assert all(doubt.sure > 0.8 and doubt.given != doubt.likely for doubt in found)


def test_nothing_is_doubted_where_there_is_nothing() -> None:
    assert find_label_errors([], []) == []
    assert find_label_errors([np.array([[0.9, 0.1]])] * 3, [[1]] * 3) == []  # as of a corpus that says yes to all


def test_each_criterion_is_searched_by_itself() -> None:
    """One that is mostly there says nothing of one that is rare; the surest doubt is the first."""
    chance = np.random.default_rng(0)
    targets = [[int(place % 4 > 0), int(place % 10 == 0)] for place in range(60)]
    rows = [
        np.array([[0.25, 0.75] if usual else [0.75, 0.25], [0.05, 0.95] if rare else [0.9, 0.1]])
        + chance.uniform(0, 0.02, (2, 2))
        for usual, rare in targets
    ]
    targets[5][0], targets[23][0], targets[40][1] = 0, 0, 0
    found = find_label_errors(rows, targets, separately=True)
    assert (found[0].example, found[0].unit) == (40, 1)
    assert {(doubt.example, doubt.unit) for doubt in found} == {(5, 0), (23, 0), (40, 1)}
    assert all((doubt.given, doubt.likely) == (0, 1) for doubt in found)


class Student:
    def __init__(self, arm: TrainingSet) -> None:
        self.known = set(arm.train)

    def fit(self, *, report: object) -> None:
        self.trained = True

    def probabilities(self, examples: list[int]) -> list[tuple[int, bool, bool]]:
        return [(example, example in self.known, self.trained) for example in examples]


@pytest.mark.parametrize("folds", [2, 3, 10])
def test_each_example_is_judged_by_a_model_of_the_others(folds: int) -> None:
    found = out_of_fold(list(range(10)), folds=folds, student=Student)  # type: ignore[arg-type]
    assert found == [(number, False, True) for number in range(10)]


def test_fewer_examples_than_folds_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"quality\.folds=3 are more parts than the 2 examples"):
        out_of_fold([1, 2], folds=3, student=Student)  # type: ignore[arg-type]
