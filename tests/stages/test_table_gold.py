"""The table from seeds to gold: a row an arm, whatever has run."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from support import Command

HEADS = ["dataset", "arm", "runs", "f1", "f1_sd", "names", "labels", "tokens"]

Rows = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def rows(clinsynth: Command, with_store: Path) -> Rows:
    def written(*words: str) -> dict[str, dict[str, str]]:
        said = clinsynth("report", "target=table-gold", "scale=smoke", *(["--", *words] if words else []))
        assert said.status == 0, said.err
        with (with_store / "outputs" / "report" / "smoke" / "table-gold.csv").open(encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        assert list(found[0]) == HEADS
        return {row["arm"]: row for row in found}

    return written


def test_arms_that_have_not_run_say_what_they_would_take(rows: Rows, with_store: Path) -> None:
    found = rows()
    assert list(found) == ["llm", "noisy", "original"]
    assert {row["runs"] for row in found.values()} == {"0"}
    assert (found["llm"]["names"], found["llm"]["labels"]) == ("12", "0")
    assert found["llm"]["tokens"].startswith("~")
    assert int(found["llm"]["tokens"][1:]) > 1000
    assert (found["original"]["names"], found["original"]["labels"], found["original"]["tokens"]) == ("0", "130", "0")
    page = (with_store / "outputs" / "report" / "smoke" / "table-gold.md").read_text(encoding="utf-8")
    assert "clinsynth train -m experiment=train/smoke/table-gold_llm" in page
    assert page.count("not run") == 3


def test_an_arm_that_has_run_has_its_scores(rows: Rows, clinsynth: Command, tiny_bert: Path) -> None:
    """So has one whose labels are mended: its run is known by the corpus that is left."""
    words = (
        *("seed=0", "units.max=4", "quality.label_errors=relabel", "quality.folds=2", "trainer.epochs=1"),
        *("trainer.max_epochs=1", "trainer.precision=32-true", f"backbone.name_or_path={tiny_bert}"),
    )
    axes = ("experiment=train/smoke/table-gold_noisy", "size=n5", "annotator=llm", "hydra.mode=RUN")
    assert clinsynth("train", *axes, *words).status == 0
    found = rows(*words)
    assert (found["noisy"]["runs"], found["noisy"]["names"], found["llm"]["runs"]) == ("1", "4", "0")
    assert 0 <= float(found["noisy"]["f1"]) <= 100
