"""Sweeps through a real Slurm."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster, until

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.stages import queue
from clinsynth.tracking import Ledger
from support import Command

pytestmark = [pytest.mark.slurm, pytest.mark.slow]

SMOKE = ("target=table8", "scale=smoke")
JOBS = 6
PYTHON = "apptainer exec clinsynth.sif python"


def ledger(folder: Path) -> Ledger:
    tracking = config.TrackingConfig(f"sqlite:///{folder}/mlruns/mlflow.db", str(folder / "mlruns/artifacts"), None)
    return Ledger(tracking, store=ArtifactStore(folder / "artifacts"))


def runs(folder: Path) -> list[Any]:
    client = ledger(folder).client
    found = [run for each in client.search_experiments() for run in client.search_runs([each.experiment_id])]
    return [run for run in found if "run_key" in run.data.tags]


def statuses(folder: Path) -> Counter[str]:
    return Counter(run.info.status for run in runs(folder))


def test_after_scancel_and_a_lost_node_only_what_is_missing_runs(
    cluster: Cluster, clinsynth: Command, with_store: Path, tiny_bert: Path
) -> None:
    """Six trainings, two to an allocation: one is cancelled at its first job, the node is lost at the others'."""
    tiny = (f"backbone.name_or_path={tiny_bert}", "backbone.max_length=64", "trainer.accelerator=cpu")
    words = ("sweep", *SMOKE, "launcher=slurm", "jobs_per_allocation=2", "--", *tiny)
    said = clinsynth(*words)
    assert said.status == 0, said.err
    assert "6 jobs, 0 are done, 6 are left" in said.out
    (array,) = queue.arrays(ArtifactStore(with_store / "artifacts"))
    assert array.allocations == [[0, 1], [2, 3], [4, 5]]

    until(lambda: statuses(with_store)["RUNNING"] == 2, seconds=300)
    cluster.ask("scancel", array.ids[0])
    until(lambda: statuses(with_store)["KILLED"] == 1, seconds=300)
    until((Path(array.folder) / "2/summary.json").is_file, seconds=300)
    cluster.lose_node()
    cluster.bring_back()  # what was lost with it begins again

    said = clinsynth(*words)
    assert said.status == 0, said.err
    found = re.search(r"6 jobs, (\d) are done, \d are left\n(\d) of them wait or run in Slurm's queue", said.out)
    assert found is not None, said.out
    _, again = queue.arrays(ArtifactStore(with_store / "artifacts"))
    (handed,) = again.allocations
    assert set(handed) <= {0, 1}, "those of the allocation that was cancelled"
    assert (int(found[1]) >= 1, int(found[1]) + int(found[2]) + len(handed)) == (True, JOBS)
    assert clinsynth("sweep", "action=follow").status == 0
    assert "6 jobs, 6 are done" in clinsynth(*words).out
    found = Counter(run.data.tags["run_key"] for run in runs(with_store) if run.info.status == "FINISHED")
    assert list(found.values()) == [1] * JOBS
    assert statuses(with_store)["RUNNING"] == 0


def test_what_is_cancelled_is_told_as_gone(cluster: Cluster, clinsynth: Command, with_store: Path) -> None:
    cluster.ask("scontrol", "update", "partitionname=main", "state=down")  # which takes jobs, and runs none
    try:
        sweep = ("train", "-m", "hydra/launcher=slurm", "hydra.launcher.wait=false", "dataset=sample_relation")
        image = f"hydra.launcher.python='{PYTHON}'"
        said = clinsynth(*sweep, "source=original", "seed=0,1,2", "hydra.launcher.only=[0,2]", image)
        assert said.status == 0, said.err
        assert "2 jobs in 2 allocations" in said.out
        (script,) = with_store.glob("multirun/train/*/.submitit/*/*_submission.sh")
        assert f"{PYTHON} -u -m submitit" in script.read_text(encoding="utf-8")
        assert counts(clinsynth("sweep", "action=status").out) == [2, 0, 0, 2, 0, 0]
        assert "2 allocations are cancelled" in clinsynth("sweep", "action=cancel").out
        until(lambda: not queue.queued())
        assert counts(clinsynth("sweep", "action=status").out) == [2, 0, 0, 0, 0, 2]
    finally:
        cluster.ask("scontrol", "update", "partitionname=main", "state=up")


def counts(said: str) -> list[int]:
    """Return the numbers of the only array that is told of."""
    line = next(line.split() for line in said.splitlines() if "/train/" in line)
    return [int(word) for word in line[1:] if word.isdigit()]


def test_a_partition_that_there_is_not_is_said(cluster: Cluster, clinsynth: Command, with_store: Path) -> None:
    words = ("train", "-m", "hydra/launcher=slurm", "hydra.launcher.partition=gpu", "dataset=sample_relation")
    said = clinsynth(*words, "source=original", "seed=0,1")
    assert said.status == 2
    assert "Slurm has refused the jobs" in said.err
    assert "invalid partition" in said.err
