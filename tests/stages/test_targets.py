from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.stages import grid
from clinsynth.tracking import Ledger
from clinsynth.types import Summary
from support import Command

MINI = grid.targets("mini")


@pytest.fixture(autouse=True)
def registered() -> None:
    config.register()


def test_targets_are_those_of_the_papers() -> None:
    assert {"table7", "table8", "figure2", "figure3", "table-asd"} <= set(MINI)


@pytest.mark.parametrize("target", ["table-asd"])
def test_jobs_of_an_experiment_have_run_keys_of_their_own(target: str) -> None:
    jobs = grid.jobs(target, scale="mini")
    assert len({job.run_key for job in jobs}) == len(jobs) == 10
    assert jobs[0].command[:2] == ("clinsynth", "train")


def test_a_job_alone_has_the_run_key_of_its_place_in_the_grid() -> None:
    from hydra import compose, initialize_config_dir

    from clinsynth.stages import train

    job = grid.jobs("table-asd", scale="mini")[5]
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        alone = config.typed(compose("train", overrides=list(job.command[2:-1])), config.STAGES["train"])
    assert train.planned(alone) == job.run_key


@pytest.mark.parametrize("words", [("target=table99",), ("target=table7", "scale=huge")])
def test_an_unknown_target_names_those_that_there_are(
    clinsynth: Command, with_store: Path, words: tuple[str, ...]
) -> None:
    said = clinsynth("report", *words)
    assert said.status == 2
    assert "has no experiment at scale=" in said.err
    assert "mini" in said.err


def finished(folder: Path, key: str, *, f1: float, counts: bool = True, metrics: bool = True) -> str:
    """A run as `train` leaves it."""
    tracking = config.TrackingConfig(f"sqlite:///{folder}/mlruns/mlflow.db", str(folder / "mlruns/artifacts"), None)
    ledger = Ledger(tracking, store=ArtifactStore(folder / "artifacts"))
    with ledger.run(experiment="sample_asd", name="r", run_key=key, description="") as run:
        if metrics:
            run.metrics(
                {"test/precision": f1, "test/recall": f1, "test/f1": f1, "test/f1_low": 0.1, "test/f1_high": 0.9}
            )
        if counts:
            rows = np.array([[1, 1, 1], [0, 1, 2]]).tolist()
            run.text(
                "".join(",".join(map(str, row)) + "\n" for row in [("true", "predicted", "gold"), *rows]), "counts.csv"
            )
        summary = Summary(run.id, key, None, None, 1, {"test/f1": f1})
        summary.write(folder)
        run.file(folder / "summary.json")
        return run.id


def test_a_report_has_the_runs_of_the_grid_and_names_missing_jobs(clinsynth: Command, with_store: Path) -> None:
    jobs = grid.jobs("table-asd", scale="mini")
    first = finished(with_store, jobs[0].run_key, f1=0.4)
    finished(with_store, jobs[1].run_key, f1=0.5, counts=False)
    finished(with_store, jobs[2].run_key, f1=0.9, metrics=False)  # ended half-way
    finished(with_store, "of somebody else", f1=0.99)
    said = clinsynth("report", "target=table-asd")
    assert said.status == 0, said.err
    folder = with_store / "outputs" / "report" / "mini"
    text = (folder / "table-asd.md").read_text(encoding="utf-8")
    assert "| original | minilm | 2 | 45.0 ± 7.1 |" in text
    assert "| synthetic n30 | minilm | 0 of 2 | missing |" in text
    assert "## 8 missing jobs" in text
    assert "clinsynth train experiment=train/mini/table-asd source=synthetic seed=0 hydra.mode=RUN" in text
    assert "99.0" not in text
    with (folder / "table-asd.runs.csv").open(encoding="utf-8") as file:
        assert next(row["run"] for row in csv.DictReader(file)) == first
    assert (folder / "table-asd.tex").read_text(encoding="utf-8").startswith(r"\begin{table}")
    assert "missing" in (folder / "table-asd.csv").read_text(encoding="utf-8")


def test_a_report_on_an_empty_store_is_all_missing(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("report", "target=table-asd")
    assert said.status == 0, said.err
    assert "## 10 missing jobs" in said.out


def test_the_command_of_a_missing_job_is_a_job_of_the_grid(clinsynth: Command, with_store: Path) -> None:
    """Hydra composes it to the same settings; `--cfg job` runs nothing."""
    job = grid.jobs("table-asd", scale="mini")[0]
    said = clinsynth(*job.command[1:], "--cfg", "job", "--package", "source")
    assert said.status == 0, said.err
    assert "name: original" in said.out


@pytest.mark.parametrize("words", [(), ("table=mine", "target=table7")])
def test_a_report_is_of_a_table_or_of_a_target(clinsynth: Command, with_store: Path, words: tuple[str, ...]) -> None:
    said = clinsynth("report", *words)
    assert said.status == 2
    assert "say what to report" in said.err


def test_a_dry_sweep_lists_the_jobs_that_are_left(clinsynth: Command, with_store: Path) -> None:
    jobs = grid.jobs("table-asd", scale="mini")
    finished(with_store, jobs[3].run_key, f1=0.5)
    said = clinsynth("sweep", "target=table-asd", "dry_run=true")
    assert said.status == 0, said.err
    assert "table-asd at scale=mini: 10 jobs, 1 are done, 9 are left" in said.out
    listed = [line.strip() for line in said.out.splitlines() if line.startswith("  clinsynth train ")]
    assert listed == [" ".join(job.command) for job in jobs if job is not jobs[3]]


@pytest.mark.parametrize(("missing", "status"), [(True, 0), (False, 1)])
def test_only_jobs_that_lack_completions_may_fail(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch, missing: bool, status: int
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], *, check: bool) -> None:
        ran.append(command)
        (folder,) = (Path(word.partition("=")[2]) for word in command if word.startswith("hydra.sweep.dir="))
        (folder / "1").mkdir(parents=True)
        failure = {"job": 1, "stage": "train", "overrides": ["seed=1"], "error": "no", "bug": False, "missing": missing}
        (folder / "1" / "failure.json").write_text(json.dumps(failure), encoding="utf-8")

    monkeypatch.setattr(subprocess, "run", run)
    said = clinsynth("sweep", "target=table-asd", "launcher=joblib", "side_by_side=2")
    assert said.status == status, said.err
    assert [command[3:6] for command in ran] == [
        ["train", "-m", "experiment=train/mini/table-asd"],
        ["train", "-m", "experiment=train/mini/table-asd_target"],
    ]
    assert all({"hydra/launcher=joblib", "hydra.launcher.n_jobs=2"} <= set(command) for command in ran)
    if missing:
        assert "2 jobs lack completions" in said.out
    else:
        assert "2 jobs of table-asd failed. Again: clinsynth train seed=1" in " ".join(said.err.split())
