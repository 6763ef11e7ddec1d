from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth import config, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.stages import Job, grid, queue, sweep, train
from clinsynth.stages.estimates import MINILM, SPEED, START, Estimate
from clinsynth.stages.targets.runs import finished
from clinsynth.tracking import Ledger
from support import Command, Composed, environment

SMOKE = "scale=smoke"
JOBS = 3


@pytest.fixture(autouse=True)
def registered() -> None:
    config.register(tasks.schemas())


def runs(folder: Path) -> dict[str, list[str]]:
    """Ids of the runs of jobs by their status."""
    tracking = config.TrackingConfig(f"sqlite:///{folder}/mlruns/mlflow.db", str(folder / "mlruns/artifacts"), None)
    client = Ledger(tracking, store=ArtifactStore(folder / "artifacts")).client
    found: dict[str, list[str]] = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            if "run_key" in run.data.tags:
                found.setdefault(run.info.status, []).append(run.info.run_id)
    return found


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a sweep gives to its process, none of which runs."""
    given: list[list[str]] = []

    def run(words: list[str], **_: Any) -> SimpleNamespace:
        given.extend(json.loads(Path(words[-1]).read_text(encoding="utf-8")))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    return given


def tiny(backbone: Path) -> list[str]:
    return ["--", f"backbone.name_or_path={backbone}", "backbone.max_length=64", "trainer.accelerator=cpu"]


def test_a_dry_sweep_prints_a_command_for_each_grid_that_makes_the_same_jobs(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["prompt.name=mine", "prompt.text='$n texts, \"so\"'", "seed=0,4", "size=t70"]
    said = clinsynth("sweep", "target=figure3", SMOKE, "dry_run=true", "--", *words)
    assert said.status == 0, said.err
    assert "figure3 at scale=smoke: 4 jobs, 0 are done, 4 are left" in said.out
    printed = [shlex.split(line) for line in said.out.splitlines() if line.startswith("  clinsynth train -m ")]
    made: list[tuple[str, str]] = []

    def note(settings: config.TrainConfig, *, job: Job) -> None:
        made.append((job.choices["experiment"], train.planned(settings)[1]))

    monkeypatch.setattr(train, "main", note)
    for _, *command in printed:
        assert clinsynth(*command).status == 0
    assert made == [(job.experiment, job.run_key) for job in grid.jobs("figure3", scale="smoke", overrides=words)]


def test_a_sweep_of_what_has_no_jobs_does_nothing(clinsynth: Command, with_store: Path) -> None:
    for target in ("table1", "table4", "figure1"):
        said = clinsynth("sweep", f"target={target}", SMOKE)
        assert said.status == 0
        assert said.out.startswith(f"{target} at scale=smoke: 0 jobs, 0 are done, 0 are left\n")


def test_jobs_that_lack_completions_are_told_and_are_no_failure(
    clinsynth: Command, with_store: Path, ran: list[list[str]]
) -> None:
    said = clinsynth("sweep", "target=figure3", SMOKE, "--", "llm=chatgpt", "seed=0")
    assert (said.status, ran) == (0, []), said.err
    assert "3 of them lack completions" in said.out
    assert "`clinsynth report target=figure3 scale=smoke -- llm=chatgpt seed=0` says how to get" in said.out


def test_whatever_has_no_run_in_the_end_has_failed(clinsynth: Command, with_store: Path, ran: list[list[str]]) -> None:
    """Be it that a process was killed, or never began."""
    said = clinsynth("sweep", "target=figure3", SMOKE, "launcher=joblib", "side_by_side=2", "--", "seed=0,1")
    assert said.status == 1
    assert "4 of 4 jobs failed" in " ".join(said.err.split())
    assert [command[:3] for command in ran] == [["train", "-m", "experiment=train/smoke/figure3"]]
    assert {"seed=0,1", "source=synthetic", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"} <= set(ran[0])


def test_slurm_has_its_own_bound_and_options(clinsynth: Command, with_store: Path, ran: list[list[str]]) -> None:
    words = ("launcher=submitit", "side_by_side=8", "--", "hydra.launcher.partition=gpu")
    said = clinsynth("sweep", "target=table8", SMOKE, *words)
    assert "They go to Slurm, 8 at once." in said.out
    told = {"hydra/launcher=submitit_slurm", "hydra.launcher.array_parallelism=8", "hydra.launcher.partition=gpu"}
    assert told <= set(ran[0])


def test_slurm_is_handed_what_is_missing_and_does_not_wait_already(
    clinsynth: Command, with_store: Path, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six jobs two are in the queue; the others go into allocations of two, and keep their numbers."""
    jobs = [sweep.Numbered(number, job) for number, job in enumerate(grid.jobs("table8", scale="smoke"))]
    store = ArtifactStore(with_store / "artifacts")
    names = {str(each.number): each.name for each in jobs[:2]}
    queue.note(store, queue.Array("5", str(with_store), "train/smoke/table8", [[0], [1]], names))
    monkeypatch.setattr(queue, "queued", lambda: {"5_0": "RUNNING", "5_1": "PENDING"})
    said = clinsynth("sweep", "target=table8", SMOKE, "launcher=slurm", "jobs_per_allocation=2", "side_by_side=4")
    assert said.status == 1
    assert "2 of them wait or run in Slurm's queue" in said.out
    assert "4 of 4 jobs failed" in " ".join(said.err.split())  # for none was handed over
    only = ",".join(f"'{each.number}:{each.name}'" for each in jobs[2:])
    told = {"hydra/launcher=slurm", "hydra.launcher.wait=false", f"hydra.launcher.only=[{only}]"}
    assert told | {"hydra.launcher.jobs_per_allocation=2", "hydra.launcher.array_parallelism=4"} <= set(ran[0])


def test_short_jobs_share_an_allocation(composed: Composed) -> None:
    """As many as take a quarter of an hour, but for as many as run side by side."""
    jobs = [sweep.Numbered(number, job) for number, job in enumerate(grid.jobs("table8", scale="smoke"))]
    for speeds, side_by_side, expected in (((), 1, 6), ((0.1,), 1, 1), ((10.0,), 1, 6), ((10.0,), 3, 2)):
        settings = composed("sweep", "target=table8", "launcher=slurm", f"side_by_side={side_by_side}")
        known: Any = Known(*speeds)
        assert sweep._together(settings, jobs, ledger=known) == expected


def test_a_run_counts_in_whichever_precision_its_node_has_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `trainer.precision=auto` leaves it open; a sweep of this machine wants its own."""
    (job, *_) = grid.jobs("table8", scale="smoke")
    (key,) = grid.elsewhere(job)
    node = SimpleNamespace(data=SimpleNamespace(metrics={"test/f1": 0.5}, tags={}))
    ledger: Any = SimpleNamespace(tagged=lambda _, value: [node] if value == key else [])
    assert list(finished(ledger, [job]).values()) == [node]
    assert finished(ledger, [job], elsewhere=False) == {}
    (fixed, *_) = grid.jobs("table8", scale="smoke", overrides=["trainer.precision=32-true"])
    assert grid.elsewhere(fixed) == ()
    assert {job.run_key, key} >= {fixed.run_key}


def test_a_dry_sweep_says_what_it_will_take(clinsynth: Command, with_store: Path) -> None:
    """What no run has told is not known; answers that are missing are priced, once for the jobs that share them."""
    said = clinsynth("sweep", "target=figure3", SMOKE, "dry_run=true", "--", "llm=chatgpt", "seed=0")
    sizes = dict(re.findall(r"^(jobs|device hours|LLM requests|cost|disk) +(\S+)", said.out, re.MULTILINE))
    assert int(sizes.pop("LLM requests")) > 0
    assert float(sizes.pop("cost")) > 0
    assert sizes == {"jobs": "3", "device hours": "unknown", "disk": "unknown"}
    assert re.search(r"^LLM requests +0$", clinsynth("sweep", "target=table8", SMOKE, "dry_run=true").out, re.MULTILINE)


def test_a_sweep_needs_a_target_and_slurm_its_commands(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "target=null is out of range" in clinsynth("sweep").err
    monkeypatch.setenv("PATH", "")
    said = clinsynth("sweep", "action=status")
    assert said.status == 2
    assert "there is no squeue here" in said.err


def test_a_launcher_that_is_not_installed_says_how_to_get_it(
    clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = clinsynth("sweep", "target=table8", SMOKE, "launcher=submitit")
    assert said.status == 2
    assert "pip install 'clinsynth[slurm]'" in " ".join(said.err.split())


@pytest.mark.slow
def test_after_a_kill_only_what_is_missing_runs(with_store: Path, tiny_bert: Path, clinsynth: Command) -> None:
    """Two jobs side by side, which is the default."""
    words = ["sweep", "target=table8", SMOKE, "side_by_side=2", *tiny(tiny_bert), "seed=0"]
    command = [sys.executable, "-m", "clinsynth", *words]
    process = subprocess.Popen(command, start_new_session=True, env=environment(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while "FINISHED" not in runs(with_store):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = runs(with_store)["FINISHED"]
    assert 1 <= len(before) < JOBS
    said = clinsynth(*words)
    assert said.status == 0, said.err
    assert f"{JOBS} jobs, {len(before)} are done, {JOBS - len(before)} are left" in said.out
    after = runs(with_store)
    assert "RUNNING" not in after
    assert len(after["FINISHED"]) == JOBS
    assert set(before) < set(after["FINISHED"])


@pytest.mark.parametrize(
    ("processes", "left"),
    [([(1, -9), (2, 0)], []), ([(1, 130)], ["second", "third"]), ([(0, -9)], ["first", "second", "third"])],
    ids=["killed", "Ctrl-C", "killed at its start"],
)
def test_what_stands_behind_a_command_that_was_killed_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[tuple[int, int]], left: list[str]
) -> None:
    """Each process by the number of commands that it takes off the list, and its exit status."""
    ahead = list(processes)

    def run(words: list[str], **_: Any) -> SimpleNamespace:
        taken, status = ahead.pop(0)
        listed = Path(words[-1])
        listed.write_text(json.dumps(json.loads(listed.read_text(encoding="utf-8"))[taken:]), encoding="utf-8")
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(subprocess, "run", run)
    sweep.run_in_turn([["first"], ["second"], ["third"]], tmp_path)
    assert not ahead
    assert json.loads((tmp_path / "commands.json").read_text(encoding="utf-8")) == [[word] for word in left]


class Known:
    """A ledger whose runs have learnt from so many texts a second."""

    def __init__(self, *speeds: float) -> None:
        metrics: list[dict[str, float]] = [{SPEED: speed} for speed in speeds] + [{}]
        self.runs = [SimpleNamespace(data=SimpleNamespace(metrics=found)) for found in metrics]

    def with_param(self, name: str, value: str) -> list[Any]:
        return self.runs


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)


@pytest.mark.usefixtures("four_cores")
def test_an_estimate_goes_by_the_runs_that_there_are() -> None:
    original, synthetic, both = (grid.jobs("table8", scale="smoke")[place] for place in (0, 2, 4))
    seconds = 3 * START + 2 * (80 + 100 + 180) / 2  # two epochs, two texts a second
    known: Any = Known(2.0, 1.0, 50.0)
    for side_by_side, at_once in ((1, 1), (3, 3), (9, 4)):
        found = Estimate(known).minutes([original, synthetic, both], side_by_side=side_by_side)
        assert found == pytest.approx(seconds / at_once / 60)


def test_without_runs_the_embedded_backbone_has_its_usual_speed_and_others_none() -> None:
    (job, *_) = grid.jobs("table8", scale="smoke")
    none: Any = Known()
    assert Estimate(none).minutes([job], side_by_side=1) == pytest.approx((START + 2 * 80 / MINILM) / 60)
    (job, *_) = grid.jobs("table8", scale="smoke", overrides=["backbone=bert"])
    assert Estimate(none).minutes([job], side_by_side=1) is None


def test_what_is_known_is_told_beside_what_is_not() -> None:
    none: Any = Known()
    (minilm, *_), (bert, *_) = (
        grid.jobs("table8", scale="smoke", overrides=words) for words in ([], ["backbone=bert"])
    )
    settings: Any = SimpleNamespace(launcher=config.Launcher.basic, side_by_side=1)
    unknown = "will take is not known: no run of bert has been measured yet."
    for left, said in (
        ([minilm], "That takes a minute or less."),
        ([bert], f"How long they {unknown}"),
        ([minilm, bert, bert], f"1 of them take a minute or less. How long the other 2 {unknown}"),
    ):
        assert sweep._told(left, settings=settings, ledger=none) == said


def test_units_are_counted_where_the_size_is_per_unit() -> None:
    known: Any = Known(1.0)
    one, five = grid.jobs("figure2", scale="smoke", overrides=["seed=0", "annotator=seed"])[:2]
    seconds = [60 * (Estimate(known).minutes([job], side_by_side=1) or 0) - START for job in (one, five)]
    assert seconds == pytest.approx([3 * 12, 3 * 60])


def test_jobs_that_lack_completions_take_no_time() -> None:
    known: Any = Known(1.0)
    lacks, there = grid.jobs("figure3", scale="smoke", overrides=["seed=0"])[2:4]
    assert [60 * (Estimate(known).minutes([job], side_by_side=1) or 0) for job in (lacks, there)] == [0, START + 200]
