"""Models that are deleted, and all that stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from support import Command

MODELS = {
    "a": ("mine", "gold", 0.5),
    "b": ("mine", "gold", 0.75),
    "c": ("mine", "adjudicated", 0.25),
    "d": ("other", "gold", 0.1),
    "e": ("other", "gold", None),
}
"""Dataset, test set and F1 of the run that trained it."""


@pytest.fixture
def models(with_store: Path) -> Path:
    """The artifact store of a folder with models, a corpus and paid answers; one model has no run that is known."""
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    store = Path("artifacts")
    ledger = Ledger(tracking, store=ArtifactStore(store))
    run_ids = {"f": "0" * 32}
    for name, (dataset, test, f1) in MODELS.items():
        with ledger.run(experiment=dataset, name="run", run_key=name, corpus=None, description="") as run:
            run.params({"dataset.name": dataset, "dataset.task": "ner", "dataset.test": test})
            run.metrics({"test/f1": f1} if f1 is not None else {})
        run_ids[name] = run.id
    for name, run_id in run_ids.items():
        (store / f"model-train-1-{name}").mkdir()
        (store / f"model-train-1-{name}" / "manifest.json").write_text(json.dumps({"run_id": run_id}), encoding="utf-8")
    (store / "model-train-1-g").mkdir()  # without a manifest
    (store / "corpus-corpus-1-a").mkdir()
    (store / "completions.db").touch()
    return store


def left(store: Path) -> str:
    return "".join(sorted(path.name[-1] for path in store.glob("model-*")))


@pytest.mark.parametrize(("keep", "there"), [(1, "bcdefg"), (0, "efg"), (2, "abcdefg")])
def test_the_best_models_of_each_test_set_stay(keep: int, there: str, clinsynth: Command, models: Path) -> None:
    said = clinsynth("prune", f"keep={keep}")
    assert (said.status, said.err, left(models)) == (0, "", "abcdefg")
    assert "Nothing was deleted" in said.out
    assert said.out.count(" goes") == len("abcdefg") - len(there)
    assert "3 others stay" in said.out
    assert clinsynth("prune", f"keep={keep}", "dry_run=false").status == 0
    assert left(models) == there
    assert (models / "completions.db").is_file()
    assert (models / "corpus-corpus-1-a").is_dir()


def test_a_store_without_models_has_nothing_to_lose(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("prune", "dry_run=false")
    assert (said.status, said.out) == (0, "0 models are deleted, 0 MB. " + said.out.partition("MB. ")[2])
