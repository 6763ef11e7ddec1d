from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clinsynth import __version__, config, datasets, stages
from clinsynth.cli import demo, flags
from clinsynth.environment import settle_environment
from clinsynth.errors import Unreachable
from clinsynth.stages import frame, naming
from support import TINY, Command, environment, python

TRAIN = ("train", "source=original", *TINY)
MISTAKES = {
    "unknown stage": (
        ("trian",),
        "'trian' is not a stage. Did you mean train? Stages: generate, train, distill, zero_shot,",
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
    "override without a value": ((*TRAIN, "seed"), "seed has no value: words are key=value."),
    "a path without its key": (("predict", "notes/"), "notes/ has no value: words are key=value."),
    "no run's id": (("compare", "latest", "4f0c"), "takes two runs, by the beginnings of their ids"),
    "misspelt key of a task": ((*TRAIN, "dataset.entity_tpe=A"), "Did you mean dataset.entity_type or"),
    "misspelt key of a file": ((*TRAIN, "dataset=my/pth.yaml"), "Key 'pth' not in 'FileConfig'. Did you mean path?"),
    "a file that is no node": (
        (*TRAIN, "dataset=my/path.yaml"),
        "In 'dataset/my/path.yaml': a file is written {path: a.tsv}.",
    ),
    "a list for names": ((*TRAIN, "dataset=my/list.yaml"), "a list, [a, b], stands where names with values are"),
    "no schema": ((*TRAIN, "dataset=my/bare.yaml"), "a YAML is `defaults: [/schema/dataset/ner@_here_]`."),
    "another task's schema": ((*TRAIN, "dataset=my/other.yaml"), "entity_type is a key of ner, where the first line"),
    "job folder below a file": ((*TRAIN, "hydra.run.dir=file/job"), "file/job cannot be written: Not a directory."),
    "file store": ((*TRAIN, "tracking.uri=file:mlruns"), "tracking.uri=file:mlruns is a plain folder"),
    "store in a folder": ((*TRAIN, "tracking.uri=mlruns"), "tracking.uri=mlruns is a plain folder"),
    "unknown task": (
        (*TRAIN, "dataset.task=foo"),
        "dataset.task=foo is not a task. Tasks: chat, classes, multilabel, ner, relation.",
    ),
    "no gold file": ((*TRAIN, "dataset.files.train={path: no.tsv}"), "no file at no.tsv"),
    "k too large": ((*TRAIN, "source.examples=131"), "source.examples=131 is more than the 130 gold"),
    "no such backbone": ((*TRAIN, "backbone.name_or_path=nobody/nothing"), "the backbone 'nobody/nothing' is neither"),
    "backbone without weights": ((*TRAIN, "backbone.name_or_path=empty"), "is a folder without model.safetensors"),
    "a setting with dashes": (("train", "--dataset=mine"), "is no flag. Settings have no dashes: dataset=mine."),
    "a switch with dashes": (("train", "--force"), "Settings have no dashes: force=true."),
    "a sweep whose config is asked for": (
        ("train", "--multirun", "seed=0,1", "--cfg", "job"),
        "--multirun and --cfg do not go together",
    ),
    "a sweep, in short": (("train", "-m", "seed=0,1", "-c", "job"), "--multirun and --cfg do not go together"),
    "a package of no config": (("train", "-p", "dataset"), "--package holds for a config that is shown"),
    "what is resolved is not shown": (("train", "seed=1", "--resolve"), "--resolve holds for a config that is shown"),
    "no completion of this shell": (("-sc", "install=tcsh"), 'eval "$(clinsynth -sc install=bash)"'),
    "no dataset file": ((*TRAIN, "dataset=my/nothing.yaml"), "dataset=path/to/mine.yaml"),
    "no YAML": ((*TRAIN, "dataset=broken.yaml"), "broken.yaml"),
    "a table that is no tag": (
        (*TRAIN, "tracking.table='a, b'"),
        "tracking.table=a, b is out of range: it has to be a",
    ),
    "a table that is a path": ((*TRAIN, "tracking.table=a/../b"), "tracking.table=a/../b is out of range"),
    "no such sweep": (("report", "sweep=multirun/nothing"), "no job of a sweep in multirun/nothing has finished"),
    "no such run": (("report", "runs=[0123]"), "runs=0123: no finished run has such an id"),
    "two things to report": (("report", "table=a", "sweep=b"), "say what to report"),
    "no such table": (("report", "table=nothing"), "no finished run has the tag table.nothing"),
}

NER = "defaults: [/schema/dataset/ner@_here_]\n"
YAMLS = {
    "broken.yaml": "name: [x\n",
    "my/pth.yaml": f"{NER}files: {{train: {{pth: a.tsv}}}}\n",
    "my/path.yaml": f"{NER}files: {{train: a.tsv}}\n",
    "my/list.yaml": f"{NER}entity_types: [A, B]\n",
    "my/bare.yaml": "entity_type: A\n",
    "my/other.yaml": f"{NER.replace('ner', 'relation')}entity_type: A\n",
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_in_one_paragraph(
    words: tuple[str, ...], said: str, clinsynth: Command, with_store: Path
) -> None:
    (with_store / "file").touch()
    (with_store / "empty").mkdir()
    (with_store / "my").mkdir()
    for name, text in YAMLS.items():
        (with_store / name).write_text(text, encoding="utf-8")
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


def test_the_exit_status_is_that_of_main() -> None:
    said = python("-m", "clinsynth", "trian")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("clinsynth: 'trian' is not a stage.")


@pytest.mark.parametrize("words", [("--version",), ("train", "--version")])
def test_the_version_is_that_of_the_package(words: tuple[str, ...], clinsynth: Command) -> None:
    assert clinsynth(*words).out == f"clinsynth {__version__}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["seed=1", "-c", "job", "--resolve"], ["-c", "job", "--resolve", "seed=1"]),
        (["-c", "job", "-p", "dataset", "seed=1"], ["-c", "job", "-p", "dataset", "seed=1"]),
        (["--resolve", "seed=1", "--cfg", "job"], ["--resolve", "--cfg", "job", "seed=1"]),
        (["seed=1", "-m", "size=n1"], ["-m", "seed=1", "size=n1"]),
        (["seed=1", "-cd", "my", "--config-dir=my"], ["-cd", "my", "--config-dir=my", "seed=1"]),
        (["--info", "seed=1", "-i", "config"], ["--info", "-i", "config", "seed=1"]),
    ],
)
def test_flags_with_their_values_come_first(words: list[str], expected: list[str]) -> None:
    assert flags.flags_first(words) == expected


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("clinsynth ", [*config.STAGES]),
        ("clinsynth tr", ["train"]),
        ("clinsynth help re", ["review", "report"]),
        (
            "clinsynth train dataset=sample_",
            [f"dataset=sample_{name}" for name in ("asd", "chat", "classes", "ner", "relation", "types")],
        ),
        ("clinsynth train -m backb", ["backbone.", "backbone="]),
        ("clinsynth train --frobnicate", []),
        ("clinsynth trian dataset=", []),
        ("clinsynth train dataset=nothing backbone.", []),
    ],
)
def test_a_shell_completes(line: str, found: list[str], clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    said = clinsynth("-sc", "query=bash")  # as the script that is installed calls it, at each Tab
    assert (said.status, said.out.split(), said.err) == (0, found, "")


@pytest.mark.parametrize("words", [("-sc", "install=bash"), ("-sc", "install=zsh"), ("train", "-sc", "install=zsh")])
def test_completion_is_installed(words: tuple[str, ...], clinsynth: Command) -> None:
    said = clinsynth(*words)
    assert said.status == 0
    assert said.out.endswith("-F hydra_bash_completion clinsynth\n")
    assert ("bashcompinit" in said.out) is (words[-1] == "install=zsh")  # which knows no `complete` without it


OWN = """defaults: [/schema/dataset/ner@_here_]
name: own
task: ner
entity_type: Disease
files: {train: {path: "assets:sample_ner/train.tsv"}, test: {path: "assets:sample_ner/test.tsv"}}
"""


@pytest.mark.parametrize("path", ["my/mine.yaml", "./my/mine.yaml", "{here}/my/mine.yaml", "../{name}/my/mine.yaml"])
def test_a_dataset_may_be_a_file(path: str, clinsynth: Command, workspace: Path) -> None:
    (workspace / "my").mkdir()
    (workspace / "my" / "mine.yaml").write_text(OWN, encoding="utf-8")
    given = path.format(here=workspace, name=workspace.name)
    said = clinsynth("train", f"dataset={given}", "dataset.entity_type=Drug", "--cfg", "job", "-p", "dataset")
    assert said.status == 0, said.err
    assert "name: own\n" in said.out
    assert "entity_type: Drug\n" in said.out


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


def caused_by(cause: Exception) -> Exception:
    error = Unreachable("no such backbone")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 46714368 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        caused_by(RuntimeError("unable to mmap 90868376 bytes: Cannot allocate memory (12)")),
    ],
)
def test_a_machine_without_memory_is_no_bug(
    error: Exception, clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "open_gold", broken(error))
    said = clinsynth("train", "source=original")
    assert (said.status, "Traceback" in said.err) == (2, False)
    assert said.err.startswith("clinsynth: memory has run out (")


@pytest.mark.parametrize(("said", "shown"), [("database is locked", True), ("no such column: x", False)])
def test_a_database_that_cannot_be_used_is_no_bug(
    said: str, shown: bool, clinsynth: Command, with_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("what a library makes of it")
    error.__cause__ = sqlite3.OperationalError(said)
    monkeypatch.setattr(datasets, "open_gold", broken(error))
    if shown:
        found = clinsynth("train", "source=original")
        assert found.status == 2
        assert f"clinsynth: a database cannot be used ({said})" in found.err
    else:
        with pytest.raises(RuntimeError):
            clinsynth("train", "source=original")


def test_gold_is_checked_before_what_takes_seconds(clinsynth: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "import_module", broken(AssertionError("the stage was imported")))
    said = clinsynth("train", "dataset.files.test={path: no.tsv}")
    assert (said.status, "no file at no.tsv" in said.err) == (2, True)


def test_a_terminal_that_lacks_a_sign_gets_another_one() -> None:
    code = "from clinsynth.cli import main; main.forgive_terminal(); print('a \\u2013 b')"
    said = python("-c", code, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (said.status, said.out) == (0, "a ? b\n")


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
    assert said.err.strip().startswith("Stopped. Finished jobs are kept, and so are answers; the same command begins")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, stages.Job]]:
    """Settings and job that each stage is given, and none runs."""
    given: list[tuple[Any, stages.Job]] = []

    class Stage:
        @staticmethod
        def main(settings: Any, *, job: stages.Job) -> None:
            given.append((settings, job))

    monkeypatch.setattr(stages, "import_module", lambda name: Stage)
    return given


def test_the_stage_gets_its_settings_and_its_job(clinsynth: Command, found: list[tuple[Any, stages.Job]]) -> None:
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
    clinsynth: Command, found: list[tuple[Any, stages.Job]], words: tuple[str, ...], shown: bool
) -> None:
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
    settle_environment()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_the_demo_stops_at_what_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given: list[str] = []

    def command(words: Sequence[str]) -> int:
        given.append(" ".join(words))
        return 2 if len(given) == 3 else 0

    assert demo.run(command) == 2
    assert given == list(demo.COMMANDS[:3])
    assert capsys.readouterr().out.count("$ clinsynth train") == 3


def test_the_demo_takes_no_words(clinsynth: Command) -> None:
    assert "experiment=train/demo/relation" in clinsynth("demo", "--help").out
    said = clinsynth("demo", "seed=1")
    assert (said.status, "takes no seed=1" in said.err) == (2, True)


@pytest.mark.parametrize("words", demo.COMMANDS)
def test_each_command_of_the_demo_composes(words: str, clinsynth: Command, with_store: Path) -> None:
    stage, *given = words.split()
    assert clinsynth(stage, *given, "--cfg", "job", "hydra.mode=RUN").status == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_seen_enough_is_no_mistake(unbuffered: str, with_store: Path) -> None:
    """As `head` is: the command ends without a word, as one of the shell would (128 and the number of SIGPIPE)."""
    seen, output = os.pipe()
    os.close(seen)
    words = [sys.executable, "-m", "clinsynth", "sweep", "target=table7", "scale=smoke", "dry_run=true"]
    own = environment(PYTHONUNBUFFERED=unbuffered)
    done = subprocess.run(words, env=own, stdout=output, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(output)
    assert (done.returncode, done.stderr) == (141, "")
