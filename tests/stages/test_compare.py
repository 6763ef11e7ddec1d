"""Two runs beside each other: a paired test, settings that differ, examples that changed; a page for a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from support import Command

GOUT = {"start": 4, "end": 8, "label": "Disease", "text": "gout"}
PILL = {"start": 0, "end": 3, "label": "Disease", "text": "the"}

Made = Callable[..., str]


@pytest.fixture
def made(with_store: Path) -> Made:
    """Makes a finished run of what it has predicted of three texts, `the gout <script>` each; returns its id."""
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts")))

    def run(*predicted: list[dict[str, Any]], dataset: str = "mine", text: bool = True, **params: str) -> str:
        true = [sum(span == GOUT for span in spans) for spans in predicted]
        counts = np.array([[found, len(spans), 1] for found, spans in zip(true, predicted, strict=True)])
        with ledger.run(experiment=dataset, name="it", run_key=str(predicted), description="") as begun:
            begun.params({"dataset.name": dataset, "dataset.task": "ner", **params})
            begun.metrics({"test/f1": sum(true) / 3, "test/precision": 1.0, "test/recall": sum(true) / 3})
            begun.counts(counts)
            rows = [{"text": "the gout <script>", "gold": [GOUT], "predicted": spans} for spans in predicted]
            if text:
                begun.text("".join(json.dumps(row) + "\n" for row in rows), "predictions.jsonl")
        return begun.id

    return run


def test_examples_that_changed_are_counted_and_shown(made: Made, clinsynth: Command) -> None:
    a = made([GOUT], [], [PILL], **{"seed": "0", "size": "n5", "trainer.epochs": "3"})
    b = made([], [GOUT], [], **{"seed": "0", "size": "n10", "trainer.epochs": "3", "trainer.average": "4"})
    said = clinsynth("compare", a[:8], b[:8])
    assert (said.status, said.err) == (0, "")
    assert "mended: 1 (wrong in a, right in b)" in said.out
    assert "broken: 1 (right in a, wrong in b)" in said.out
    assert "wrong otherwise: 1 (wrong in both, not alike)" in said.out
    assert "paired bootstrap over 3 test examples: +" in said.out
    assert [line.split() for line in said.out.splitlines() if line.startswith("size")] == [["size", "n5", "n10"]]
    average = [line.split() for line in said.out.splitlines() if line.startswith("trainer")]
    assert average == [["trainer.average", "1", "4"]]  # which is not logged where it is as before it came
    assert not any(line.startswith("seed") for line in said.out.splitlines())
    page = Path(f"reports/compare-{a[:8]}-{b[:8]}.html").read_text(encoding="utf-8")
    assert page.count("<dl>") == 3
    assert "<script" not in page
    assert 'title="Disease">gout</mark> &lt;script&gt;' in page


def test_a_run_without_texts_has_scores_alone(made: Made, clinsynth: Command) -> None:
    a, b = made([GOUT], text=False), made([], text=False)
    said = clinsynth("compare", a, b)
    assert said.status == 0
    assert "No examples: MLflow holds texts of public datasets alone" in said.out
    assert "F1" in said.out


def test_what_cannot_be_compared_is_refused(made: Made, clinsynth: Command) -> None:
    a, b = made([GOUT]), made([], dataset="other")
    said = clinsynth("compare", a, b)
    assert (said.status, "scored on mine and on other" in " ".join(said.err.split())) == (2, True)
    said = clinsynth("compare", a, "ffff00000000")
    assert (said.status, "ffff00000000 is no finished run" in " ".join(said.err.split())) == (2, True)
    said = clinsynth("compare", a)
    assert (said.status, "two runs" in " ".join(said.err.split())) == (2, True)
