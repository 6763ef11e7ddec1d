"""What was handed to Slurm, without one: files of what was submitted, folders of jobs, and what the queue would say."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ConfigError
from clinsynth.stages import queue
from clinsynth.stages.queue import Array, Progress


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def array(folder: Path, *, id: str = "7", allocations: list[list[int]] | None = None) -> Array:
    """Six jobs, two to an allocation, each named `n<number>`."""
    allocations = allocations or [[0, 1], [2, 3], [4, 5]]
    names = {str(number): f"n{number}" for numbers in allocations for number in numbers}
    return Array(id, str(folder), "train/smoke/table8_few", allocations, names)


def leave(folder: Path, **files: str) -> None:
    for job, name in files.items():
        (folder / job.lstrip("j")).mkdir()
        (folder / job.lstrip("j") / name).touch()


def test_how_far_jobs_are_is_read_off_their_folders_and_the_queue(tmp_path: Path) -> None:
    leave(tmp_path, j0="summary.json", j2="failure.json", j4="config.yaml")
    for held, expected in (
        ({"7_0": "RUNNING", "7_1": "RUNNING", "7_2": "PENDING"}, Progress(6, done=1, failed=1, running=2, waiting=2)),
        ({"7_2": "COMPLETING", "8_0": "RUNNING"}, Progress(6, done=1, failed=1, running=1, waiting=1)),
        ({}, Progress(6, done=1, failed=1)),
    ):
        assert queue.progress(array(tmp_path), held=held) == expected
    assert expected.gone == 4


def test_what_waits_or_runs_is_known_by_its_name(
    tmp_path: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single allocation is no array for Slurm, and a job that has ended is not waited for."""
    leave(tmp_path, j2="summary.json")
    queue.note(store, array(tmp_path))
    queue.note(store, array(tmp_path / "other", id="9", allocations=[[6]]))
    monkeypatch.setattr(queue, "queued", lambda: {"7_1": "RUNNING", "9": "PENDING"})
    assert queue.waiting(store) == {"n3", "n6"}
    assert queue.names(store, folder=tmp_path / "other") == {"n6"}


def test_arrays_are_told_of_by_target_and_for_a_fortnight(tmp_path: Path, store: ArtifactStore) -> None:
    for id in ("7", "8"):
        queue.note(store, array(tmp_path, id=id))
    assert [each.id for each in queue.arrays(store, target="table8")] == ["7", "8"]
    assert queue.arrays(store, target="table7") == []
    old = time.time() - 15 * 24 * 3600
    os.utime(store.root / "slurm/7.json", (old, old))
    assert [each.id for each in queue.arrays(store)] == ["8"]


def test_without_slurm_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="there is no squeue here"):
        queue.queued()
