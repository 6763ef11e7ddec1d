from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from clinsynth.analysis import detection, intervals


def cloud(number: int, *, centre: float, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(centre, 1.0, (number, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("words", "others", "expected"),
    [
        (["a", "b", "A"], ["a", "B", "a", "A", "b", "a"], 0.0),
        (["a", "b"], ["c", "d"], 1.0),
        (["a", "b"], ["a", "c"], 0.5),
        (["a"], [], 1.0),
        ([], [], 0.0),
    ],
)
def test_divergence(words: list[str], others: list[str], expected: float) -> None:
    assert detection.divergence(words, others=others) == pytest.approx(expected, abs=1e-9)


def test_divergence_is_of_frequent_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "FREQUENT", 1)
    assert detection.divergence(["a", "a", "b"], others=["a", "a", "c"]) == 0.0


@pytest.mark.parametrize(("centre", "least", "most"), [(0.0, 0.4, 0.6), (3.0, 0.98, 1.0)])
def test_sets_are_told_apart_as_far_as_they_differ(centre: float, least: float, most: float) -> None:
    own, others = cloud(200, centre=0.0, seed=1), cloud(200, centre=centre, seed=2)
    hits = detection.told_apart(own, others=others, groups=range(200), other_groups=range(200, 400), seed=0)
    assert hits is not None
    assert least <= hits / 400 <= most


def test_a_unit_is_not_on_both_sides() -> None:
    """Units that differ tell nothing about the next one; a classifier that has seen them knows all."""
    centres = np.repeat(cloud(40, centre=0.0, seed=3) * 5, 10, axis=0)
    vectors = centres + cloud(400, centre=0.0, seed=4) * 0.01
    apart = np.arange(400)
    arguments = {"others": vectors[200:], "seed": 0}
    units = list(np.repeat(np.arange(40), 10))
    whole = detection.told_apart(vectors[:200], groups=units[:200], other_groups=units[200:], **arguments)
    split = detection.told_apart(vectors[:200], groups=list(apart[:200]), other_groups=list(apart[200:]), **arguments)
    assert whole is not None
    assert split is not None
    assert whole < split - 40


def test_one_group_cannot_be_split() -> None:
    found = cloud(6, centre=0.0, seed=0)
    assert detection.told_apart(found, others=found, groups=["a"] * 6, other_groups=range(6), seed=0) is None


def test_few_groups_make_few_folds() -> None:
    own, others = cloud(6, centre=0.0, seed=0), cloud(6, centre=9.0, seed=0)
    hits = detection.told_apart(own, others=others, groups=["a", "b"] * 3, other_groups=["c", "d"] * 3, seed=0)
    assert hits in (None, 12)


def test_wilson_knows_small_numbers() -> None:
    assert intervals.wilson(8, of=10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert intervals.wilson(10, of=10)[1] == 1.0


def test_bootstrap_draws_whole_units() -> None:
    values = np.repeat([0.0, 1.0], 50)
    low, high = intervals.bootstrap(values, groups=range(100)) or (0, 0)
    assert (low, high) == pytest.approx((0.4, 0.6), abs=0.03)
    units = np.repeat(np.arange(10), 10)
    wide_low, wide_high = intervals.bootstrap(values, groups=list(units)) or (0, 0)
    assert wide_low < low - 0.1
    assert wide_high > high + 0.1
    assert intervals.bootstrap(values, groups=["same"] * 100) is None
