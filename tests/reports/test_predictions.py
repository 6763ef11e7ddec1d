from __future__ import annotations

import pytest

from clinsynth.reports.predictions import Tally, assigned


def test_labels_from_elsewhere_have_names_that_mlflow_takes() -> None:
    spans = [{"label": label} for label in ("Disease (rare)", "Disease [rare]", "B-Å/1:x")]
    assert Tally.of([{"text": "x", "spans": spans}]).metrics == {
        "predict/documents": 1,
        "predict/characters": 1,
        "predict/errors": 0,
        "predict/label_Disease _rare_": 2,
        "predict/label_B-Å/1:x": 1,
    }


@pytest.mark.parametrize(
    ("scores", "single", "labels"),
    [
        ({"a": 0.4, "b": 0.35, "c": 0.25}, True, ["a"]),
        ({"a": 0.4, "b": 0.35, "c": 0.25}, False, []),
        ({"a": 0.6, "b": 0.5}, False, ["a", "b"]),
        ({}, True, []),
    ],
)
def test_of_classes_the_most_probable_counts(scores: dict[str, float], single: bool, labels: list[str]) -> None:
    assert assigned(scores, single=single) == labels
