from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from clinsynth import config, datasets, stages
from clinsynth.cli import main as cli
from clinsynth.stages import frame, naming
from support import TINY, Command, python

TRAIN = ("train", "source=original", *TINY)
MISTAKES = {
    "unknown stage": (
        ("trian",),
        "'trian' is not a stage. Stages: generate, train, zero_shot, analyse, predict, review,",
    ),
    "an override for a stage": (("seed=1", "train"), "'seed=1' is not a stage."),
    "unknown dataset": ((*TRAIN, "dataset=ncbi_diseas"), "Did you mean ncbi_disease"),
    "unknown backbone": ((*TRAIN, "backbone=brt"), "Did you mean bert"),
    "misspelt key": ((*TRAIN, "backbone.lrr=1"), "Could not override 'backbone.lrr'."),
    "misspelt key with a plus": ((*TRAIN, "+backbone.lrr=1"), "there is no key backbone.lrr"),
    "value out of range": ((*TRAIN, "backbone.lr=2"), "backbone.lr=2.0 is out of range"),
    "value of another type": ((*TRAIN, "seed=many"), "Value 'many' of type 'str' could not be converted to Integer"),
    "no value": (("generate", "llm=local"), "llm=local needs the name of a model"),
    "no table": (("report",), "say what to report: table=<name>"),
    "override without a value": ((*TRAIN, "seed"), "Error parsing override 'seed'"),
    "job folder below a file": ((*TRAIN, "hydra.run.dir=file/job"), "file/job cannot be written: Not a directory."),
    "file store": ((*TRAIN, "tracking.uri=file:mlruns"), "tracking.uri=file:mlruns is a plain folder"),
    "store in a folder": ((*TRAIN, "tracking.uri=mlruns"), "tracking.uri=mlruns is a plain folder"),
    "unknown task": ((*TRAIN, "dataset.task=foo"), "dataset.task=foo is not a task. Tasks: multilabel, ner, relation."),
    "no gold file": ((*TRAIN, "dataset.files.train={path: no.tsv}"), "no file at no.tsv"),
    "k too large": ((*TRAIN, "source.examples=131"), "source.examples=131 is more than the 130 gold"),
    "no such backbone": ((*TRAIN, "backbone.name_or_path=nobody/nothing"), "the backbone 'nobody/nothing' is neither"),
    "backbone without weights": ((*TRAIN, "backbone.name_or_path=empty"), "is a folder without model.safetensors"),
    "no such table": (("report", "table=nothing"), "no finished run has the tag table.nothing"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_in_one_paragraph(
    words: tuple[str, ...], said: str, clinsynth: Command, with_store: Path
) -> None:
    (with_store / "file").touch()
    (with_store / "empty").mkdir()
    status, _, err = clinsynth(*words)
    assert status == 2
    assert err.startswith("clinsynth: ")
    assert said in " ".join(err.split())
    assert "\n\n" not in err
    assert err.count("clinsynth: ") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "place"),
    [(("paths.artifacts=file/store",), "file/store/locks"), (("tracking.uri=sqlite:///file/mlflow.db",), "file")],
)
def test_a_place_that_cannot_be_written_is_named(
    words: tuple[str, ...], place: str, clinsynth: Command, workspace: Path
) -> None:
    (workspace / "file").touch()
    said = clinsynth("train", *words)
    assert said.status == 2
    assert f"{place} cannot be written: " in " ".join(said.err.split())
    assert "Traceback" not in said.err


def test_an_unknown_option_is_named() -> None:
    said = python("-m", "clinsynth", "train", "--frobnicate")
    assert said.status == 2
    assert said.err.splitlines()[-1] == "clinsynth: error: unrecognized arguments: --frobnicate"


def test_the_exit_status_is_that_of_main() -> None:
    said = python("-m", "clinsynth", "trian")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("clinsynth: 'trian' is not a stage.")


def test_the_config_is_printed_without_a_run(clinsynth: Command, workspace: Path) -> None:
    said = clinsynth("train", "seed=7", "--cfg", "job")
    assert (said.status, said.err) == (0, "")
    assert "seed: 7\n" in said.out
    assert not list(workspace.rglob("mlflow.db"))


def broken(error: BaseException) -> Any:
    def load(*_: object, **__: object) -> None:
        raise error

    return load


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a bug"), KeyError("a bug"), FileNotFoundError(errno.ENOENT, "No such file", "our own")],
)
def test_a_bug_keeps_its_traceback(
    error: Exception, clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "open_gold", broken(error))
    with pytest.raises(type(error), match=str(error.args[0])) as raised:
        clinsynth("train", "source=original")
    assert raised.value is error


def test_a_full_disk_is_no_bug(clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "open_gold", broken(OSError(errno.ENOSPC, "No space left on device", "here")))
    said = clinsynth("train", "source=original")
    assert said.status == 2
    assert "clinsynth: here cannot be written: No space left on device." in said.err


@pytest.mark.parametrize("mode", [(), ("-m", "seed=0,1")], ids=["run", "sweep"])
def test_ctrl_c_is_said_in_a_line(mode: tuple[str, ...], clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "import_module", broken(KeyboardInterrupt()))
    said = clinsynth("train", *mode)
    assert said.status == 130
    assert said.err.strip() == "Stopped. What is finished is kept: the same command goes on from there."


def test_the_stage_gets_its_settings_and_its_job(clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[Any, stages.Job]] = []

    class Stage:
        @staticmethod
        def main(settings: Any, *, job: stages.Job) -> None:
            found.append((settings, job))

    monkeypatch.setattr(stages, "import_module", lambda name: Stage)
    words = ("source=original", "seed=3", "dataset=sample_ner", "hydra.run.dir=here")
    assert clinsynth("train", *words).status == 0
    ((settings, job),) = found
    assert isinstance(settings, config.TrainConfig)
    assert (settings.seed, job.stage, job.side_by_side) == (3, "train", 1)
    assert job.overrides == words[:3]
    assert job.choices["dataset"] == "sample_ner"
    assert "experiment" not in job.choices
    assert job.folder.resolve() == Path("here").resolve()
    assert "seed: 3\n" in job.resolved
    assert "${" not in job.resolved


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("dataset.public=false",), False),
        (("tracking.log_text=false",), False),
        ((), True),
        (("dataset.public=false", "tracking.log_text=true"), True),
    ],
)
def test_names_of_units_that_are_not_public_stand_in_no_log(
    clinsynth: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], shown: bool
) -> None:
    found: list[tuple[Any, stages.Job]] = []

    class Stage:
        @staticmethod
        def main(settings: Any, *, job: stages.Job) -> None:
            found.append((settings, job))

    monkeypatch.setattr(stages, "import_module", lambda name: Stage)
    assert clinsynth("train", "dataset=sample_ner", "size=n1", *words, "units.only=[canary,'b c']").status == 0
    ((settings, job),) = found
    assert settings.units.only == ["canary", "b c"]
    params = naming.train_params(settings, choices=job.choices)
    for logged in (frame.run_description(job), job.resolved, str(params)):
        assert ("canary" in logged) is shown
    assert shown or "units.only=[2 that are not public]" in frame.run_description(job)


@pytest.mark.parametrize(("jobs", "expected"), [(3, 3), (-1, os.cpu_count()), (None, 1)])
def test_how_many_jobs_share_the_machine(jobs: int | None, expected: int) -> None:
    from omegaconf import OmegaConf

    assert stages._side_by_side(OmegaConf.create({"launcher": {"n_jobs": jobs}})) == expected


def test_what_the_user_has_set_in_the_environment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    cli.settle_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
