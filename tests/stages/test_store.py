"""What takes room, what is damaged, what is deleted, and all that stays."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from filelock import FileLock

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
    said = clinsynth("store", "action=prune", f"keep={keep}")
    assert (said.status, said.err, left(models)) == (0, "", "abcdefg")
    assert "Nothing was deleted" in said.out
    assert said.out.count(" goes") == len("abcdefg") - len(there)
    assert "3 other models stay" in said.out
    assert clinsynth("store", "action=prune", f"keep={keep}", "dry_run=false").status == 0
    assert left(models) == there
    assert (models / "completions.db").is_file()
    assert (models / "corpus-corpus-1-a").is_dir()


def test_leftovers_of_killed_trainings_go_and_those_of_living_ones_stay(clinsynth: Command, models: Path) -> None:
    for name in ("dead", "living"):
        (models / f"unfinished-{name}").mkdir()
    lock = ArtifactStore(models).lock_path("run-living-and-more")
    with FileLock(lock):
        said = clinsynth("store", "action=prune", "keep=9", "dry_run=false")
    assert "Deleted: 0 models, 1 leftovers" in said.out
    assert [path.name for path in models.glob("unfinished-*")] == ["unfinished-living"]


def test_folders_of_jobs_go_where_that_is_asked_for(clinsynth: Command, models: Path) -> None:
    for name in ("outputs/train/a", "multirun/train/b"):
        Path(name).mkdir(parents=True)
        os.utime(name, (0, 0))
    assert clinsynth("store", "action=prune", "keep=9", "dry_run=false").status == 0
    assert Path("outputs/train/a").is_dir()
    assert clinsynth("store", "action=prune", "keep=9", "jobs=true", "dry_run=false").status == 0
    assert not list(Path().glob("*/train/*"))
    assert list(Path("outputs/store").iterdir()), "a job that may be alive"


def test_a_store_without_models_has_nothing_to_lose(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("store", "action=prune", "dry_run=false")
    assert (said.status, said.out.partition(" folders")[0]) == (
        0,
        "Deleted: 0 models, 0 leftovers of killed trainings, 0",
    )


def test_what_takes_room_is_listed(clinsynth: Command, models: Path) -> None:
    (models / "model-train-1-a" / "weights").write_bytes(bytes(2_000_000))
    said = clinsynth("store")
    assert said.status == 0
    assert re.search(r"^models +7 +2\.0  prune", said.out, re.MULTILINE)
    assert re.search(r"^answers of LLMs, paid for +1 +0\.0  never", said.out, re.MULTILINE)


def test_what_is_damaged_is_named(clinsynth: Command, with_store: Path) -> None:
    assert clinsynth("generate", "size=n1", "units.max=2").status == 0
    assert "Everything is whole." in clinsynth("store", "action=check").out
    (corpus,) = Path("artifacts").glob("corpus-*")
    with (corpus / "examples.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    said = clinsynth("store", "action=check")
    assert said.status == 2
    assert f"1 things are damaged. {corpus / 'examples.jsonl'} is not what was written" in " ".join(said.err.split())
