"""A detector learns from words: it finds what tells, says how sure it is, and never judges what it has learnt from."""

from __future__ import annotations

import random

import numpy as np
import pytest

from clinsynth.analysis.realism import Detector, Judged, cross_judged, most_real
from clinsynth.errors import ConfigError

COMMON = [f"word{number}" for number in range(60)]


def texts(number: int, *, tell: str | None, seed: int, how_often: float = 1.0) -> list[list[str]]:
    draw = random.Random(seed)
    return [[*draw.sample(COMMON, 12), *([tell] if tell and draw.random() < how_often else [])] for _ in range(number)]


@pytest.mark.parametrize(("tell", "least", "most"), [("Moreover", 0.95, 1.0), (None, 0.35, 0.65)])
def test_what_tells_is_found(tell: str | None, least: float, most: float) -> None:
    synthetic, real = texts(120, tell=tell, seed=1), texts(120, tell=None, seed=2)
    groups = [str(place // 4) for place in range(120)]
    found = cross_judged(synthetic, real, groups=groups, real_groups=list(range(120)), seed=0).metrics("")
    assert least <= found["detector/auc"] <= most
    assert found["detector/right_low"] <= found["detector/right"] <= found["detector/right_high"]
    if tell:
        assert found["detector/brier"] < 0.1
        assert Detector.learn(synthetic, real).telling([*synthetic, *real])[0][0] == "moreover"


def test_what_looks_most_real_is_kept() -> None:
    synthetic, real = texts(100, tell="Moreover", seed=1, how_often=0.5), texts(100, tell=None, seed=2)
    judged = cross_judged(synthetic, real, groups=list(range(100)), real_groups=list(range(100)), seed=0)
    places = most_real(judged, share=0.5)
    assert places == sorted(set(places))
    assert len(places) == 50
    kept = sum("Moreover" in synthetic[place] for place in places)
    assert kept < 0.2 * sum("Moreover" in text for text in synthetic)


def test_certainty_is_measured_in_bins() -> None:
    judged = Judged(np.array([0.95, 0.95, 0.1]), np.array([0.1, 0.1, 1.0]))
    assert judged.reliability.spans == [3, 3]
    assert judged.reliability.precision == pytest.approx([1 / 3, 2 / 3])
    assert judged.reliability.error == pytest.approx(((1 / 3 - 0.1) + (2.9 / 3 - 2 / 3)) / 2)


def test_a_single_unit_is_too_few() -> None:
    with pytest.raises(ConfigError, match="give it two units"):
        cross_judged([["a"], ["b"]], [["c"], ["d"]], groups=["x", "x"], real_groups=[1, 2], seed=0)
