from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from clinsynth import config
from clinsynth.artifacts import ArtifactStore
from clinsynth.errors import ConfigError, redacted
from clinsynth.tracking import HOST, LOCK, LONGEST_PARAM, ActiveRun, Ledger, Traced
from clinsynth.types import Summary
from support import copy_store, environment

SPAWN = multiprocessing.get_context("spawn")
KEY, OTHER = "a" * 64, "b" * 64


def opened(uri: str = "sqlite:///mlruns/mlflow.db") -> Ledger:
    tracking = config.TrackingConfig(uri=uri, artifacts="mlruns/artifacts", log_text=True)
    return Ledger(tracking, store=ArtifactStore(Path("artifacts")))


@pytest.fixture
def ledger(with_store: Path) -> Ledger:
    return opened()


def started(ledger: Ledger, *, run_key: str = KEY, corpus: str | None = None, experiment: str = "mine") -> Any:
    return ledger.run(experiment=experiment, name="run", run_key=run_key, corpus=corpus, description="how")


def made(
    ledger: Ledger,
    *,
    run_key: str = KEY,
    corpus: str | None = None,
    experiment: str = "mine",
    model: str | None = None,
) -> Summary:
    """What a finished run leaves."""
    with started(ledger, run_key=run_key, corpus=corpus, experiment=experiment) as run:
        summary = Summary(run.id, run_key, corpus, model, 20, {"test/f1": 0.5})
        summary.write(Path())
        run.file(Path("summary.json"))
    return summary


def status(ledger: Ledger, run_id: str) -> str:
    return str(ledger.client.get_run(run_id).info.status)


def artifact(ledger: Ledger, run_id: str, name: str) -> Path:
    (path,) = Path("mlruns/artifacts").glob(f"*/{run_id}/artifacts/{name}")
    return path


def test_a_finished_job_is_found(ledger: Ledger) -> None:
    assert ledger.finished(KEY, corpus=None, need_model=False) is None
    summary = made(ledger)
    assert ledger.finished(KEY, corpus=None, need_model=False) == summary
    assert opened().finished(KEY, corpus=None, need_model=False) == summary
    assert ledger.finished(OTHER, corpus=None, need_model=False) is None


def test_a_finished_job_is_found_in_any_experiment(ledger: Ledger) -> None:
    made(ledger, run_key=OTHER, experiment="first")
    summary = made(ledger, experiment="second")
    assert ledger.finished(KEY, corpus=None, need_model=False) == summary


def test_a_job_is_known_by_its_corpus_too(ledger: Ledger) -> None:
    assert ledger.finished(KEY, corpus="c1", need_model=False) is None
    plain, first, second = made(ledger), made(ledger, corpus="c1"), made(ledger, corpus="c2")
    assert ledger.finished(KEY, corpus="c1", need_model=False) == first
    assert ledger.finished(KEY, corpus="c2", need_model=False) == second
    assert ledger.finished(KEY, corpus=None, need_model=False) == plain
    assert ledger.finished(KEY, corpus="c3", need_model=False) is None


def test_a_job_is_not_finished_without_the_model_that_is_needed(ledger: Ledger, tmp_path: Path) -> None:
    made(ledger)
    gone = made(ledger, model=str(tmp_path / "gone"))
    assert ledger.finished(KEY, corpus=None, need_model=True) is None
    assert ledger.finished(KEY, corpus=None, need_model=False) in (gone, made(ledger))
    kept = made(ledger, model=str(tmp_path))
    assert ledger.finished(KEY, corpus=None, need_model=True) == kept


@pytest.mark.parametrize("content", [None, "", "{}", '{"run_id": "x"}'])
def test_a_job_is_not_finished_without_its_summary(content: str | None, ledger: Ledger) -> None:
    path = artifact(ledger, made(ledger).run_id, "summary.json")
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert ledger.finished(KEY, corpus=None, need_model=False) is None


def test_a_finished_job_is_found_behind_one_that_lost_its_summary(ledger: Ledger) -> None:
    summary = made(ledger)
    artifact(ledger, made(ledger).run_id, "summary.json").unlink()
    assert ledger.finished(KEY, corpus=None, need_model=False) == summary


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (SystemExit, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_the_status_of_a_run(error: type[BaseException] | None, expected: str, ledger: Ledger) -> None:
    begun: list[ActiveRun] = []

    def work() -> None:
        with started(ledger) as run:
            begun.append(run)
            assert status(ledger, run.id) == "RUNNING"
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(error):
            work()
    assert status(ledger, begun[0].id) == expected


def test_a_run_that_did_not_finish_is_not_found(ledger: Ledger) -> None:
    summary = made(ledger)
    for ended in ("FAILED", "KILLED", "RUNNING"):
        ledger.client.update_run(summary.run_id, status=ended)
        assert ledger.finished(KEY, corpus=None, need_model=False) is None
    ledger.client.update_run(summary.run_id, status="FINISHED")
    assert ledger.finished(KEY, corpus=None, need_model=False) == summary


def test_what_a_run_says_of_itself(ledger: Ledger) -> None:
    with started(ledger, corpus="c1") as run:
        run.tag("mine", "yes")
    found = ledger.client.get_run(run.id)
    tags = found.data.tags
    assert found.info.run_name == "run"
    assert (tags["run_key"], tags["corpus"], tags["mine"]) == (KEY, "c1", "yes")
    assert tags["mlflow.note.content"] == "how"
    assert Path(tags[LOCK]).parent == Path("artifacts/locks").resolve()
    experiment = ledger.client.get_experiment(found.info.experiment_id)
    assert experiment.name == "mine"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "mine" in experiment.tags["mlflow.note.content"]
    assert experiment.artifact_location == Path("mlruns/artifacts/mine").resolve().as_uri()


def test_more_params_than_a_call_takes(ledger: Ledger) -> None:
    params = {f"key{number}": number for number in range(250)}
    with started(ledger) as run:
        run.params(params)
    assert ledger.client.get_run(run.id).data.params == {key: str(value) for key, value in params.items()}


def test_a_long_param_is_cut(ledger: Ledger) -> None:
    with started(ledger) as run:
        run.params({"long": "x" * 10_000, "short": "y"})
    assert ledger.client.get_run(run.id).data.params == {"long": "x" * LONGEST_PARAM, "short": "y"}


def test_more_metrics_than_a_call_takes(ledger: Ledger) -> None:
    with started(ledger) as run:
        run.measured([("train/loss", 1 / (step + 1), step) for step in range(2500)])
        run.metrics({"test/f1": 0.5})
    history = ledger.client.get_metric_history(run.id, "train/loss")
    assert {(found.step, found.value) for found in history} == {(step, 1 / (step + 1)) for step in range(2500)}
    assert ledger.client.get_run(run.id).data.metrics == {"train/loss": 1 / 2500, "test/f1": 0.5}


def test_artifacts_and_the_dataset_of_a_run(ledger: Ledger) -> None:
    from clinsynth.reports.figures import error_kinds

    with started(ledger) as run:
        run.text("naïve\n", "words.txt")
        run.figure(error_kinds({"missed": 1}), "errors.png")
        run.dataset(name="mine", digest="d" * 64, source="mine.tsv", context="training", sizes={"train": 3})
    assert artifact(ledger, run.id, "words.txt").read_text(encoding="utf-8") == "naïve\n"
    assert artifact(ledger, run.id, "errors.png").read_bytes().startswith(b"\x89PNG")
    (logged,) = ledger.client.get_run(run.id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == ("mine", "d" * 36)
    assert json.loads(logged.dataset.profile) == {"train": 3}
    assert [(tag.key, tag.value) for tag in logged.tags] == [("mlflow.data.context", "training")]


def test_runs_of_a_group_stand_below_one_that_is_no_result(ledger: Ledger) -> None:
    runs = [made(ledger, run_key=str(number) * 64).run_id for number in range(2)]
    for run_id in (*runs, runs[0]):
        ledger.stand_under(run_id, group="table7", description="The runs of it.")
    (above,) = {ledger.tags(run_id)["mlflow.parentRunId"] for run_id in runs}
    assert ledger.client.get_run(above).data.tags["mlflow.runName"] == "table7"
    assert status(ledger, above) == "FINISHED"
    experiment = ledger.client.get_experiment_by_name("mine")
    look = json.loads(experiment.tags["mlflow.sharedViewState.clinsynth"])
    assert look["orderByKey"] == look["selectedColumns"][0] == "metrics.`test/f1`"
    assert ledger.finished_beginning(above[:8]) == []
    assert ledger.beginning(above) == []
    ledger.stand_under(runs[0], group="table8", description="Others.")  # it stays where it stands
    assert ledger.tags(runs[0])["mlflow.parentRunId"] == above


def test_what_a_run_takes_of_the_machine_is_logged_where_it_is_asked_for(
    with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    uri = "sqlite:///mlruns/mlflow.db"
    tracking = config.TrackingConfig(uri=uri, artifacts="mlruns/artifacts", system_metrics=True)
    ledger = Ledger(tracking, store=ArtifactStore(Path("artifacts")))
    with started(ledger) as run:
        time.sleep(0.4)
    found = ledger.client.get_run(run.id).data.metrics
    assert {name.partition("/")[0] for name in found} == {"system"}
    assert found["system/system_memory_usage_megabytes"] > 0


@pytest.mark.parametrize("texts", [True, False])
def test_traces_hold_texts_only_where_they_may(ledger: Ledger, texts: bool) -> None:
    with started(ledger) as run:
        asked = [{"role": "user", "content": "Write about gout."}]
        answer = Traced("mine/notes", "mine/notes/gout#0", asked, "Gout hurts.", "gpt", (5, 3), 0.01, 10.0, 12.5, None)
        ledger.trace([answer], run_id=run.id, texts=texts)
    experiment = ledger.client.get_run(run.id).info.experiment_id
    (trace,) = ledger.client.search_traces(locations=[experiment], run_id=run.id)
    assert trace.info.execution_duration == 2500
    assert trace.info.token_usage == {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}
    (span,) = trace.data.spans
    assert (span.name, span.attributes["usd"]) == ("mine/notes", 0.01)
    assert ("gout" in str((trace.to_dict(), trace.info)).lower()) is texts
    if not texts:
        assert span.inputs["messages"][0]["characters"] == len("Write about gout.")


@pytest.mark.parametrize(
    ("text", "places", "counts"),
    [
        ("example,true,predicted,gold\n7,1,1,1\n2,0,3,2\n", [2, 7], [[0, 3, 2], [1, 1, 1]]),
        ("true,predicted,gold\n1,1,1\n0,3,2\n", [0, 1], [[1, 1, 1], [0, 3, 2]]),  # of an earlier release
        ("example,true,predicted,gold\n", None, None),
        ("true\n1\n", None, None),
        ("what is this?", None, None),
        (None, None, None),
    ],
)
def test_outcomes_are_read_or_there_are_none(text: str | None, places: Any, counts: Any, ledger: Ledger) -> None:
    with started(ledger) as run:
        if text is not None:
            run.text(text, "counts.csv")
    found = ledger.outcomes(run.id)
    assert (None if found is None else found.places.tolist()) == places
    assert (None if found is None else found.counts.tolist()) == counts


def test_tagged_runs_are_the_finished_ones_oldest_first(ledger: Ledger) -> None:
    summaries = [made(ledger, experiment=name) for name in ("b", "a", "b")]
    with pytest.raises(ValueError, match="no"), started(ledger) as failed:
        raise ValueError("no")
    for summary in summaries[:2]:
        ledger.tag(summary.run_id, "table.main-1", "true")
    ledger.tag(failed.id, "table.main-1", "true")
    found = [run.info.run_id for run in ledger.tagged("table.main-1", "true")]
    assert found == [summary.run_id for summary in summaries[:2]]
    assert ledger.tagged("table.main", "true") == []


def test_runs_beyond_a_page_are_found(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    made_ids = {made(ledger).run_id for _ in range(5)}
    search = ledger.client.search_runs
    monkeypatch.setattr(ledger.client, "search_runs", lambda *words, **named: search(*words, **named, max_results=2))
    assert {run.info.run_id for run in ledger._search("attributes.status = 'FINISHED'")} == made_ids


def unended(ledger: Ledger) -> str:
    """A run whose status is still RUNNING."""
    run_id = made(ledger).run_id
    ledger.client.update_run(run_id, status="RUNNING")
    return run_id


def abandoned(ledger: Ledger, **tags: str) -> str:
    """Such a run whose job nobody holds."""
    with ledger.claim(KEY):
        run_id = unended(ledger)
    for name, value in tags.items():
        ledger.tag(run_id, name, value)
    return run_id


def test_a_dead_run_is_buried(ledger: Ledger) -> None:
    dead = abandoned(ledger)
    finished = made(ledger).run_id
    assert status(ledger, dead) == "RUNNING"
    assert opened().end_dead_runs() == 1
    assert (status(ledger, dead), status(ledger, finished)) == ("KILLED", "FINISHED")
    assert ledger.end_dead_runs() == 0


def test_a_run_that_ends_while_dead_ones_are_looked_for_stays_as_it_ended(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = abandoned(ledger)
    before = ledger.client.get_run(ended)
    ledger.client.set_terminated(ended, status="FINISHED")
    monkeypatch.setattr(Ledger, "_search", lambda self, wanted: [before])
    assert ledger.end_dead_runs() == 0
    assert status(ledger, ended) == "FINISHED"


def test_a_run_whose_job_is_held_is_alive(ledger: Ledger) -> None:
    with ledger.claim(KEY):
        run_id = unended(ledger)
        assert opened().end_dead_runs() == 0
        assert status(ledger, run_id) == "RUNNING"
    assert opened().end_dead_runs() == 1


@pytest.mark.parametrize("tags", [{HOST: "elsewhere"}, {LOCK: "/gone/run.lock"}, {LOCK: ""}])
def test_a_run_of_another_machine_is_left(tags: dict[str, str], ledger: Ledger) -> None:
    run_id = abandoned(ledger, **tags)
    assert ledger.end_dead_runs() == 0
    assert status(ledger, run_id) == "RUNNING"


def _die(folder: str) -> None:
    os.chdir(folder)
    ledger = opened()
    with ledger.claim(KEY), started(ledger) as run:
        Path("run_id").write_text(run.id, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_run_of_a_killed_process_is_buried(ledger: Ledger, workspace: Path) -> None:
    process = SPAWN.Process(target=_die, args=(str(workspace),))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    run_id = Path("run_id").read_text(encoding="utf-8")
    assert status(ledger, run_id) == "RUNNING"
    assert ledger.end_dead_runs() == 1
    assert status(ledger, run_id) == "KILLED"


HOLD = """
import sys
from filelock import FileLock

with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_claim_waits_for_the_process_that_has_it(ledger: Ledger, capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", HOLD, str(ledger._lock(KEY))]
    released = threading.Event()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"

        def release() -> None:
            released.set()
            held.communicate("\n")

        later = threading.Timer(0.5, release)
        later.start()
        with ledger.claim(OTHER):
            assert not released.is_set()
        with ledger.claim(KEY):
            assert released.is_set()
        later.join()
    assert capfd.readouterr().out == "Another process is at this very job: waiting for it.\n"


def test_a_claim_that_is_free_says_nothing(ledger: Ledger, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with ledger.claim(KEY):
            pass
    with pytest.raises(ValueError, match="inside"), ledger.claim(KEY):
        raise ValueError("inside")
    with ledger.claim(KEY):
        assert capfd.readouterr().out == ""


def test_the_variable_of_mlflow_wins(with_store: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_store(migrated, with_store / "server")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{with_store}/server/mlflow.db")
    ledger = opened()
    with started(ledger) as run:
        run.tag("mine", "yes")
    experiment = ledger.client.get_experiment_by_name("mine")
    assert experiment is not None
    assert str(Path("mlruns/artifacts").resolve()) not in experiment.artifact_location
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert opened().client.get_experiment_by_name("mine") is None


@pytest.mark.parametrize("uri", ["file:mlruns", "file:///tmp/mlruns", "mlruns", "./mlruns"])
@pytest.mark.parametrize("by", ["config", "variable"])
def test_a_plain_folder_is_refused(uri: str, by: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "variable":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ConfigError, match="is a plain folder, which MLflow 3 no longer writes: use sqlite:///"):
        opened("sqlite:///mlruns/mlflow.db" if by == "variable" else uri)
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize("uri", ["nonsense://store", "sqlite:///folder", "sqlite:///notes.txt"])
def test_a_store_that_cannot_be_opened_is_named(uri: str, workspace: Path) -> None:
    (workspace / "folder").mkdir()
    (workspace / "notes.txt").write_text("no database\n" * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"the MLflow store \S+ cannot be opened: ") as raised:
        opened(uri)
    assert uri.rpartition("/")[2] in str(raised.value)


def test_a_store_stays_where_it_was_opened(
    ledger: Ledger, workspace: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = made(ledger)
    (workspace / "elsewhere").mkdir()
    copy_store(migrated, workspace / "elsewhere" / "mlruns")
    monkeypatch.chdir(workspace / "elsewhere")
    assert ledger.finished(KEY, corpus=None, need_model=False) == summary
    assert opened().finished(KEY, corpus=None, need_model=False) is None


def test_a_deleted_experiment_can_be_restored(ledger: Ledger) -> None:
    made(ledger)
    experiment = ledger.client.get_experiment_by_name("mine")
    assert experiment is not None
    ledger.client.delete_experiment(experiment.experiment_id)
    with pytest.raises(ConfigError, match=f"mlflow experiments restore --experiment-id {experiment.experiment_id}"):
        made(ledger)


def test_the_commit_of_the_checkout_is_noted(ledger: Ledger) -> None:
    source = Path(config.__file__).parent
    asked = ["git", "-C", str(source), "rev-parse", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True)
    tags = ledger.client.get_run(made(ledger).run_id).data.tags
    if done.returncode == 0:
        assert tags["mlflow.source.git.commit"] == done.stdout.strip()
        assert tags["git_dirty"] in ("true", "false")
    else:
        assert "mlflow.source.git.commit" not in tags


def _meet(folder: str, start: Barrier, number: int) -> None:
    """Twice: on a store without tables, and on a dataset that it does not know."""
    os.chdir(folder)
    start.wait(120)
    ledger = opened()
    with ledger.claim(str(number) * 64), started(ledger, run_key=str(number) * 64) as run:
        run.metrics({"number": number})
        start.wait(120)
        run.dataset(name="gold", digest="0", source="there", context="testing")


@pytest.mark.slow
def test_processes_that_meet_on_an_empty_store_all_succeed(workspace: Path) -> None:
    start = SPAWN.Barrier(2)
    processes = [SPAWN.Process(target=_meet, args=(str(workspace), start, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 2
    runs = opened()._search("attributes.status = 'FINISHED'")
    assert sorted(run.data.metrics["number"] for run in runs) == [0, 1]
    assert len({run.info.experiment_id for run in runs}) == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), sqlite3.OperationalError("database or disk is full")])
def test_a_store_that_was_not_finished_is_made_anew(
    stop: BaseException, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the tables of the first edition of MLflow and their migrations."""
    from mlflow.store.db import utils

    def broken_off(engine: Any) -> None:
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(utils, "_upgrade_db", broken_off)
        with pytest.raises(KeyboardInterrupt if isinstance(stop, KeyboardInterrupt) else ConfigError):
            opened()
    assert [path.name for path in Path("mlruns").iterdir()] == [".mlflow.db.lock"]
    (Path("mlruns") / ".mlflow.db-new-1-1").touch()  # of a process that was killed
    made(opened())
    assert not list(Path("mlruns").glob("*-new-*"))
    assert len(opened().tagged("host", socket.gethostname())) == 1


def test_a_damaged_store_is_said_in_a_paragraph(with_store: Path) -> None:
    path = Path("mlruns/mlflow.db")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    with pytest.raises(ConfigError, match="cannot be opened"):
        opened(f"sqlite:///{path}")


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    summary = Summary("run", KEY, None, "models/é", 20, {"test/f1": 0.25, "time/train_s": 3.0})
    summary.write(tmp_path)
    assert Summary.read(tmp_path / "summary.json") == summary
    content = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert content["test/f1"] == 0.25  # flat, for people and for jq


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uri: https://me:secret@host:5000/x", "uri: https://***@host:5000/x"),
        ("tracking.uri=postgresql://me:pa@55@db/mlflow seed=1", "tracking.uri=postgresql://***@db/mlflow seed=1"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://host:5000/a@b", "https://host:5000/a@b"),
        ("sqlite:///mlruns/mlflow.db", "sqlite:///mlruns/mlflow.db"),
    ],
)
def test_passwords_of_addresses_are_left_out(text: str, expected: str) -> None:
    assert redacted(text) == expected
