"""A model by its folder, or by the run that trained it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.exported import write_export
from clinsynth.stages import models
from clinsynth.types import Summary


@pytest.fixture
def ledger(with_store: Path) -> Any:
    from clinsynth.tracking import Ledger

    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    return Ledger(tracking, store=ArtifactStore(Path("artifacts")))


def saved(folder: Path) -> Path:
    """What looks like a model."""
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


def run(ledger: Any, *, model: str | None) -> str:
    with ledger.run(experiment="mine", name="mine", run_key="k", description="") as active:
        Summary(active.id, "k", None, model, 1).write(Path())
        active.file(Path("summary.json"))
    return str(active.id)


def test_a_folder_is_a_model(ledger: Any) -> None:
    folder = saved(Path("artifacts/model-1"))
    assert models.locate("artifacts/model-1", ledger=ledger) == folder


def test_a_run_is_its_model(ledger: Any) -> None:
    folder = saved(Path("artifacts/model-1"))
    first = run(ledger, model="artifacts/model-1")
    run(ledger, model=None)
    assert models.locate(first, ledger=ledger) == folder
    assert models.locate(first[:12], ledger=ledger) == folder


def test_the_latest_is_the_one_that_was_trained_last(ledger: Any) -> None:
    with pytest.raises(ConfigError, match="there is no model in artifacts yet"):
        models.locate("latest", ledger=ledger)
    for age, name in enumerate(("model-b", "model-a", "model-c")):
        os.utime(saved(Path("artifacts") / name), (1000 - age, 1000 - age))
    Path("artifacts/model-half").mkdir()  # without weights, and newer
    assert models.locate("latest", ledger=ledger) == Path("artifacts/model-b")


def test_a_run_of_another_current_folder(ledger: Any) -> None:
    folder = saved(Path("artifacts/model-1"))
    assert models.locate(run(ledger, model="elsewhere/artifacts/model-1"), ledger=ledger) == folder


def test_a_model_that_was_exported_is_checked_by_its_export(ledger: Any) -> None:
    def build(folder: Path) -> None:
        for name in ("config.json", "model.safetensors", "README.md"):
            (folder / name).write_text("{}", encoding="utf-8")

    folder = Path("mine")
    write_export(folder, digest="d", manifest={}, builder=build, force=False)
    (folder / "README.md").write_text("edited", encoding="utf-8")
    assert models.locate("mine", ledger=ledger) == folder
    (folder / "model.safetensors").write_text("[]", encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"model\.safetensors is not what was written.*download it again"):
        models.locate("mine", ledger=ledger)


def test_two_runs_that_begin_alike_are_named(ledger: Any) -> None:
    known = [run(ledger, model=None) for _ in range(17)]  # of 16 first digits
    start = next(digit for digit in "0123456789abcdef" if sum(one.startswith(digit) for one in known) > 1)
    with pytest.raises(ConfigError, match=rf"model={start} is no folder, and the beginning of \d+ runs"):
        models.locate(start, ledger=ledger)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("me/mine", "neither a folder nor an MLflow run"),
        ("it's", "neither a folder nor an MLflow run"),
        ("%", "neither a folder nor an MLflow run"),
        ("f" * 32, "no run of the MLflow store sqlite:///"),
        ("empty", "model=empty holds no model"),
    ],
)
def test_what_is_no_model_is_said(ledger: Any, model: str, said: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(ConfigError, match=said):
        models.locate(model, ledger=ledger)


def test_a_run_without_a_model_says_how_to_get_one(ledger: Any) -> None:
    with pytest.raises(ConfigError, match="has saved no model: train again with trainer"):
        models.locate(run(ledger, model=None), ledger=ledger)


def test_a_model_that_is_gone_is_said(ledger: Any) -> None:
    with pytest.raises(ConfigError, match="is gone from artifacts/model-1"):
        models.locate(run(ledger, model="artifacts/model-1"), ledger=ledger)


def test_a_run_without_a_summary_has_no_model(ledger: Any) -> None:
    with ledger.run(experiment="mine", name="mine", run_key="k", description="") as active:
        pass
    with pytest.raises(ConfigError, match="has saved no model"):
        models.locate(active.id, ledger=ledger)
