from __future__ import annotations

from clinsynth.reports.predictions import Tally


def test_labels_from_elsewhere_have_names_that_mlflow_takes() -> None:
    spans = [{"label": label} for label in ("Disease (rare)", "Disease [rare]", "B-Å/1:x")]
    assert Tally.of([{"text": "x", "spans": spans}]).metrics == {
        "predict/documents": 1,
        "predict/characters": 1,
        "predict/errors": 0,
        "predict/label_Disease _rare_": 2,
        "predict/label_B-Å/1:x": 1,
    }
