from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from clinsynth import config, stages
from clinsynth.cli import sweeps
from clinsynth.errors import withheld
from clinsynth.stages.overrides import quoted
from support import Command


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))).filter(lambda text: "${" not in text))
@example("/my data, (1)/it's")
@example("a='b c'")
@example("back\\slash\\")
@example("\\\\'")
def test_hydra_reads_a_quoted_value_as_it_is(text: str) -> None:
    override = OverridesParser.create().parse_override(f"key={quoted(text)}")
    assert override.value() == text


def test_what_looks_like_an_interpolation_is_none() -> None:
    override = OverridesParser.create().parse_override(f"key={quoted('${oc.env:HOME}')}")
    assert OmegaConf.create({"key": override.value()}).key == "${oc.env:HOME}"


def failure(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "job": number,
        "stage": "train",
        "overrides": ["seed=1"],
        "places": [],
        "error": "no",
        "bug": False,
    } | changes


def test_no_sweep_has_no_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps.Failures, "sweep", None)
    assert sweeps.failures(sweeps.Failures.sweep) == []


def test_failures_are_in_the_order_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps.Failures, "sweep", tmp_path)
    for number in (10, 2, 0, 7):
        (tmp_path / str(number)).mkdir()
        if number != 7:  # a job that went well
            (tmp_path / str(number) / sweeps.FILE).write_text(json.dumps(failure(number)), encoding="utf-8")
    assert [found["job"] for found in sweeps.failures(sweeps.Failures.sweep)] == [0, 2, 10]


@pytest.mark.parametrize(
    "overrides",
    [["seed=1"], [], ["dataset.files.train={path: my file.tsv}", "tracking.table='a b'"], ["source.examples=null"]],
)
def test_a_job_is_run_again_as_it_was(overrides: list[str]) -> None:
    command = sweeps.rerun_command(failure(0, overrides=overrides))
    assert shlex.split(command) == ["clinsynth", "train", *overrides]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A stage that notes its seed, refuses 1 and has a bug at 2."""
    ran: list[int] = []

    class Stage:
        @staticmethod
        def main(settings: Any, *, job: stages.Job) -> None:
            ran.append(settings.seed)
            if settings.seed == 1:
                raise sweeps.ClinsynthError("one is refused")
            if settings.seed == 2:
                raise ZeroDivisionError("two is a bug")

    monkeypatch.setattr(stages, "import_module", lambda name: Stage)
    return ran


def left(folder: Path) -> dict[str, dict[str, Any]]:
    """What failed jobs have left, by job folder."""
    found = folder.glob(f"multirun/train/*/*/{sweeps.FILE}")
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in found}


def test_a_sweep_goes_on_after_a_failure(stage: list[int], clinsynth: Command, workspace: Path) -> None:
    said = clinsynth("train", "-m", "seed=0,1,3", "backbone.lr=0.002")
    assert said.status == 2
    assert stage == [0, 1, 3]
    assert said.err.splitlines()[-2:] == [
        "clinsynth: job 1 failed: one is refused",
        "  again: clinsynth train seed=1 backbone.lr=0.002",
    ]
    assert left(workspace) == {
        "1": {
            "job": 1,
            "stage": "train",
            "overrides": ["seed=1", "backbone.lr=0.002"],
            "places": [],
            "error": "one is refused",
            "bug": False,
            "missing": False,
        }
    }


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("word", ["--config-dir=my own", "hydra.searchpath=['file://my own']"])
def test_a_command_to_run_again_finds_the_same_options(word: str, clinsynth: Command, workspace: Path) -> None:
    (workspace / "my own" / "backbone").mkdir(parents=True)
    content = (config.conf_folder() / "backbone" / "bert.yaml").read_text(encoding="utf-8")
    (workspace / "my own" / "backbone" / "own.yaml").write_text(content, encoding="utf-8")
    said = clinsynth("train", "-m", "seed=0,1", "backbone=own", word)
    (again,) = (line.partition("again: ")[2] for line in said.err.splitlines() if "again: " in line)
    given = f"--config-dir={workspace / 'my own'}" if word.startswith("--") else word
    assert shlex.split(again) == ["clinsynth", "train", "seed=1", "backbone=own", given]
    assert clinsynth(*shlex.split(again)[1:]).err == "clinsynth: one is refused\n"


@pytest.fixture
def finishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that leaves a summary, but for seed 1."""

    class Stage:
        @staticmethod
        def main(settings: Any, *, job: stages.Job) -> None:
            if settings.seed == 1:
                raise sweeps.ClinsynthError("one is refused")
            (job.folder / "summary.json").write_text("{}", encoding="utf-8")

    monkeypatch.setattr(stages, "import_module", lambda name: Stage)


@pytest.mark.usefixtures("finishing")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tracking.table=lr",), "table=lr"),
        (("tracking.table='a b'",), "table='a b'"),
        ((), "sweep=multirun/train/"),
    ],
)
def test_a_sweep_says_how_to_see_its_table(words: tuple[str, ...], told: str, clinsynth: Command) -> None:
    for seeds in ("0,2", "0,1"):
        *_, last = clinsynth("train", "-m", f"seed={seeds}", *words).out.splitlines()
        said, _, command = last.partition(": ")
        assert said == "The table of this sweep"
        assert shlex.split(command)[:2] == ["clinsynth", "report"]
        assert shlex.split(command)[2].startswith(told)
    assert "The table" not in clinsynth("train", "-m", "seed=1,-1", *words).out


@pytest.mark.usefixtures("finishing")
def test_a_worker_that_is_killed_leaves_a_list(clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel kills one for lack of memory, in the middle of the third job of four."""
    from hydra_plugins.hydra_joblib_launcher import _core
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    class Parallel:
        def __init__(self, **_: Any) -> None: ...

        def __call__(self, jobs: Any) -> None:
            for number, (run, words, named) in enumerate(jobs):
                if number == 2:
                    raise TerminatedWorkerError("a worker process managed by the executor was terminated")
                run(*words, **named)

    monkeypatch.setattr(_core, "Parallel", Parallel)
    said = clinsynth("train", "-m", "seed=0,1,2,3", "hydra/launcher=joblib")
    assert said.status == 2
    assert "a process of this sweep was killed" in said.err
    assert "2 jobs are not done" in " ".join(said.err.split())
    assert said.err.splitlines()[-4:] == [
        "  job 2: clinsynth train seed=2",
        "  job 3: clinsynth train seed=3",
        "clinsynth: job 1 failed: one is refused",
        "  again: clinsynth train seed=1",
    ]


def test_every_failure_of_a_sweep_is_listed(stage: list[int], clinsynth: Command) -> None:
    said = clinsynth("train", "-m", "seed=-1,0,1")
    assert said.status == 2
    assert stage == [0, 1]
    listed = [line for line in said.err.splitlines() if line.startswith("clinsynth: ")]
    assert listed == [
        "clinsynth: job 0 failed: seed=-1 is out of range: it has to be 0 or more.",
        "clinsynth: job 2 failed: one is refused",
    ]


def test_a_bug_in_a_sweep_is_listed_and_raised(
    stage: list[int], clinsynth: Command, workspace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError, match="two is a bug"):
        clinsynth("train", "-m", "seed=2,0")
    assert stage == [2, 0]
    err = capfd.readouterr().err
    assert "clinsynth: job 0 failed: ZeroDivisionError: two is a bug\n  again: clinsynth train seed=2\n" in err
    assert left(workspace)["0"]["bug"] is True
    assert "Traceback" in left(workspace)["0"]["error"]


def test_a_sweep_that_goes_well_says_nothing(stage: list[int], clinsynth: Command, workspace: Path) -> None:
    said = clinsynth("train", "-m", "seed=0,3")
    assert (said.status, said.err, stage) == (0, "", [0, 3])
    assert left(workspace) == {}


@pytest.mark.usefixtures("stage")
def test_a_single_run_leaves_no_failure_file(clinsynth: Command, workspace: Path) -> None:
    said = clinsynth("train", "seed=1")
    assert (said.status, said.err) == (2, "clinsynth: one is refused\n")
    assert list(workspace.rglob(sweeps.FILE)) == []


def test_failures_in_other_processes_are_listed(clinsynth: Command, workspace: Path) -> None:
    from joblib.externals.loky import get_reusable_executor

    said = clinsynth("train", "-m", "seed=-1,-2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    get_reusable_executor().shutdown(wait=True)
    assert said.status == 2
    assert set(left(workspace)) == {"0", "1"}
    for number, seed in enumerate((-1, -2)):
        assert f"clinsynth: job {number} failed: seed={seed} is out of range" in said.err
        assert f"  again: clinsynth train seed={seed}\n" in said.err


def job_folder(folder: Path, number: int, *, began: float, ended: float | None = None, failed: bool = False) -> None:
    """What a job leaves behind, at these times."""
    place = folder / str(number)
    (place / ".hydra").mkdir(parents=True)
    for name, at in ((".hydra/config.yaml", began), ("summary.json", ended), (sweeps.FILE, began if failed else None)):
        if at is not None:
            (place / name).write_text("{}", encoding="utf-8")
            os.utime(place / name, (at, at))


def test_how_far_a_sweep_is_shows_in_its_folders(tmp_path: Path) -> None:
    assert str(sweeps.state(tmp_path, total=4, now=0)) == "0 of 4 jobs done, 0 running, 0 failed, 4 left"
    job_folder(tmp_path, 0, began=0, ended=100)
    job_folder(tmp_path, 1, began=0, failed=True)
    job_folder(tmp_path, 2, began=100)
    job_folder(tmp_path, 3, began=100)
    found = sweeps.state(tmp_path, total=8, now=140)
    assert (found.done, found.running, found.failed, found.left) == (1, 2, 1, 4)
    assert found.seconds == (6 * 100 - 2 * 40) / 2
    assert str(found) == "1 of 8 jobs done, 2 running, 1 failed, 4 left; about 4 min"


def test_skipped_jobs_are_no_measure_of_the_others(tmp_path: Path) -> None:
    job_folder(tmp_path, 0, began=0, ended=3)
    job_folder(tmp_path, 1, began=3, ended=6)
    job_folder(tmp_path, 2, began=6, ended=206)
    assert sweeps.state(tmp_path, total=5, now=206).seconds == 400
    job_folder(tmp_path, 3, began=206, ended=406)
    job_folder(tmp_path, 4, began=206, ended=406)
    assert str(sweeps.state(tmp_path, total=5, now=406)) == "5 of 5 jobs done, 0 running, 0 failed, 0 left"


@pytest.mark.usefixtures("stage")
def test_a_sweep_says_how_many_jobs_it_has(clinsynth: Command) -> None:
    said = clinsynth("train", "-m", "seed=0,1,3", "size=n1,n5")
    assert "6 jobs, in multirun/train/" in said.out
    assert "0 of 6 jobs done, 4 running, 2 failed, 0 left" in said.out  # the stage writes no summary
    said = clinsynth("train", "experiment=train/demo/sources", "source=original,augmented,synthetic")
    assert "3 jobs, in" in said.out


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("gold.tsv:2: 'He had gout' has 1 column", "gold.tsv:2: '...' has 1 column"),
        ("BRAT's line \"it's gout\" and 'a \\' b' end", "BRAT's line '...' and '...' end"),
        ("no quotes, and a prime' of one", "no quotes, and a prime' of one"),
    ],
)
def test_what_is_quoted_is_withheld(said: str, expected: str) -> None:
    assert withheld(said) == expected
