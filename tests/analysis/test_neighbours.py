from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from clinsynth.analysis import neighbours


def at(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors in the plane."""
    return np.array([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees], dtype=np.float32)


def test_distances_are_to_the_nearest() -> None:
    found = neighbours.distances(at(0, 90, 180), references=at(60, 90))
    assert found == pytest.approx([0.5, 0.0, 1.0], abs=1e-6)
    assert found.min() >= 0


def test_distances_do_not_hang_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, first, second = (at(*np.random.default_rng(seed).uniform(0, 360, 50)) for seed in range(3))
    whole = neighbours.distances(texts, references=first), neighbours.preference(texts, first=first, second=second[:9])
    monkeypatch.setattr(neighbours, "CHUNK", 7)
    parts = neighbours.distances(texts, references=first), neighbours.preference(texts, first=first, second=second[:9])
    assert np.allclose(whole, parts)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((10,), (20,), 1.0),
        ((20,), (10,), 0.0),
        ((10,), (-10,), 0.5),  # as near
        ((10, 60, 70, 80), (20,), 0.25),  # of four only one is nearer, and one is drawn
        ((20,), (10, 60, 70, 80), 0.75),
        ((10, 15, 70, 80), (20, 30), 1 - 1 / 6),  # two of four are drawn
    ],
)
def test_preference_is_between_sets_of_one_size(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    assert neighbours.preference(at(0), first=at(*first), second=at(*second)) == pytest.approx([expected])


def test_preference_is_the_mean_over_draws() -> None:
    draw = np.random.default_rng(0)
    texts, large, small = (at(*draw.uniform(0, 360, number)) for number in (8, 30, 10))
    found = neighbours.preference(texts, first=large, second=small)
    there = neighbours.distances(texts, references=small)
    drawn = [
        neighbours.distances(texts, references=large[draw.choice(30, 10, replace=False)]) < there for _ in range(2000)
    ]
    assert found == pytest.approx(np.mean(drawn, axis=0), abs=0.05)


def test_preference_is_half_where_all_sets_are_alike() -> None:
    draw = np.random.default_rng(1)
    found = [
        neighbours.preference(texts, first=first, second=second).mean()
        for _ in range(40)
        for texts, first, second in [[at(*draw.uniform(0, 360, number)) for number in (40, 80, 20)]]
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.02)


def test_closeness_is_half_where_distances_are_alike() -> None:
    values = np.array([0.1, 0.2, 0.3])
    assert neighbours.closeness(values, yardstick=values).mean() == pytest.approx(0.5)
    assert neighbours.closeness(np.array([0.0, 0.2, 0.9]), yardstick=values) == pytest.approx([1.0, 0.5, 0.0])
