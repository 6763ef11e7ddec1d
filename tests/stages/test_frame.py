from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clinsynth import config
from clinsynth.errors import MissingCompletions
from clinsynth.stages import Job
from clinsynth.stages.frame import Entry, Frame
from clinsynth.tracking import ActiveRun
from clinsynth.types import Summary

KEY = "a" * 64
ENTRY = Entry(
    KEY, experiment="mine", name="a job", params={"seed": 1, "note": "x", "limit": "null"}, tags={"arm": "synthetic"}
)
SKIPPED = "This is done (run $run): skipped."

Open = Callable[..., Frame]


def frame_of(folder: Path, *, table: str | None = None) -> Frame:
    tracking = config.TrackingConfig(uri="sqlite:///mlruns/mlflow.db", artifacts="mlruns/artifacts", log_text=True)
    job = Job("train", ("seed=1",), {}, folder, resolved="seed: 1\n", side_by_side=1)
    return Frame.open(tracking, paths=config.PathsConfig(data="data", artifacts="artifacts"), job=job, table=table)


@pytest.fixture
def opened(with_store: Path) -> Open:
    """Open the frame of a job in a folder of its own."""

    def open_frame(name: str = "first", *, table: str | None = None) -> Frame:
        folder = with_store / name
        folder.mkdir()
        return frame_of(folder, table=table)

    return open_frame


def done(frame: Frame, entry: Entry = ENTRY) -> Summary:
    """What a stage does between the two ends of its job."""
    with frame.begin(entry) as run:
        return frame.end(run, Summary(run.id, entry.key, None, None, 3, {"test/f1": 0.5}))


def found(frame: Frame, *, force: bool = False) -> Summary | None:
    return frame.finished(partial(frame.ledger.finished, KEY), force=force, skipped=SKIPPED)


def run_of(frame: Frame, summary: Summary) -> Any:
    return frame.ledger.client.get_run(summary.run_id)


def test_a_finished_job_is_skipped(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    first = opened()
    assert found(first) is None
    summary = done(first)
    assert capsys.readouterr().out == ""
    again = opened("second")
    assert found(again) == summary
    assert capsys.readouterr().out == f"This is done (run {summary.run_id}): skipped.\n"
    assert Summary.read(again.job.folder / "summary.json") == summary


def test_force_does_not_even_look(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    frame = opened()
    done(frame)
    assert found(frame, force=True) is None
    refuse = partial(pytest.fail, "it looks")
    assert frame.finished(refuse, force=True, skipped=SKIPPED) is None
    assert capsys.readouterr().out == ""


def test_a_job_leaves_its_settings_and_its_summary(opened: Open) -> None:
    frame = opened()
    summary = done(frame)
    run = run_of(frame, summary)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "1", "note": "x"}
    assert (run.data.tags["stage"], run.data.tags["arm"], run.data.tags["run_key"]) == ("train", "synthetic", KEY)
    assert "clinsynth train seed=1" in run.data.tags["mlflow.note.content"]
    assert frame.ledger.artifact(summary.run_id, "config.yaml") == "seed: 1\n"
    assert Summary.read(frame.job.folder / "summary.json") == summary == frame.ledger.summary(summary.run_id)


def test_the_config_can_be_left_out(opened: Open) -> None:
    frame = opened()
    summary = done(frame, replace(ENTRY, config=False))
    assert frame.ledger.artifact(summary.run_id, "config.yaml") is None


def test_the_summary_is_uploaded_once(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded, written, upload, write = [], [], ActiveRun.file, Summary.write
    monkeypatch.setattr(ActiveRun, "file", lambda run, path: (uploaded.append(path), upload(run, path)))
    monkeypatch.setattr(Summary, "write", lambda summary, folder: (written.append(folder), write(summary, folder)))
    first, second = opened(), opened("second")
    done(first)
    assert uploaded == [first.job.folder / "summary.json"]
    assert found(second)
    assert uploaded == [first.job.folder / "summary.json"]
    assert written == [first.job.folder, second.job.folder]


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_job_that_breaks_is_not_finished(error: type[BaseException], status: str, opened: Open) -> None:
    frame = opened(table="mine")
    with pytest.raises(error), frame.begin(ENTRY) as run:
        raise error
    broken = frame.ledger.client.get_run(run.id)
    assert (broken.info.status, "table.mine" in broken.data.tags) == (status, False)
    assert found(frame) is None
    assert not (frame.job.folder / "summary.json").exists()


def die(folder: Path, connection: Any) -> None:
    frame = frame_of(folder)
    with frame.ledger.claim(KEY), frame.begin(ENTRY) as run:
        connection.send(run.id)
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_run_of_a_killed_job_is_marked_by_the_next_one(opened: Open) -> None:
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    killed = opened()
    process = spawn.Process(target=die, args=(killed.job.folder, sender))
    process.start()
    run_id = receiver.recv()
    process.join()
    assert killed.ledger.client.get_run(run_id).info.status == "RUNNING"
    frame = opened("second")
    assert frame.ledger.client.get_run(run_id).info.status == "KILLED"
    assert found(frame) is None


@pytest.mark.parametrize("table", [None, "mine"])
def test_a_skipped_job_belongs_to_its_table_too(table: str | None, opened: Open) -> None:
    first = opened(table=table)
    summary = done(first)
    assert run_of(first, summary).data.tags.get("table.mine") == ("true" if table else None)
    again = opened("second", table="other")
    assert found(again)
    tags = run_of(again, summary).data.tags
    assert tags["table.other"] == "true"
    above = again.ledger.client.get_run(tags["mlflow.parentRunId"])
    assert above.data.tags["mlflow.runName"] == (table or "other")  # the first table that it was part of
    assert [run.info.run_id for run in again.ledger.tagged("table.other", "true")] == [summary.run_id]


@pytest.mark.parametrize(("sweep", "statuses"), [("multirun/mine", ["FAILED"]), ("", [])], ids=["sweep", "alone"])
def test_a_job_of_a_sweep_that_fails_before_its_run_is_there_too(opened: Open, sweep: str, statuses: list[str]) -> None:
    """Alone its error is on the screen, and a mistake in a command is no run."""
    alone = opened()
    frame = replace(alone, job=replace(alone.job, sweep=sweep))
    with (
        pytest.raises(MissingCompletions),
        frame.told_of_failure(experiment="mine", name="a job", params={"size": "n5"}, may_hold_text=False),
    ):
        raise MissingCompletions("3 answers are missing, such as 'mine/sentences/gout#0'.")
    made = frame.ledger._search("")
    assert [run.info.status for run in made] == statuses
    assert [(run.data.params, run.data.tags["failure"]) for run in made] == [
        ({"size": "n5"}, "3 answers are missing, such as '...'.") for _ in statuses
    ]
