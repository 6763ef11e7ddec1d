"""`clinsynth STAGE [overrides]`: finds the stage, hands over to Hydra, says errors in one paragraph."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import sqlite3
import sys
import textwrap
import traceback
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor

import hydra
import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

import clinsynth
from clinsynth import config, stages, tasks
from clinsynth.cli import completion, demo, flags, help, mistakes, pipes, sweeps
from clinsynth.cli.composing import composed_once
from clinsynth.cli.signals import as_ctrl_c
from clinsynth.environment import settle_environment
from clinsynth.errors import ClinsynthError
from clinsynth.stages.overrides import quoted
from clinsynth.text.printable import printable

USER_MISTAKE, INTERRUPTED, READER_LEFT = 2, 130, 141

# What the machine refuses, as opposed to a file that our own code forgot to make.
_REFUSALS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EIO,
}


STOPPED = {
    "train": "Finished jobs are kept, and so are answers; the same command begins the training that was stopped anew.",
    "analyse": "Finished jobs are kept; the same command begins the analysis that was stopped anew.",
    "export": "The same command writes the export anew.",
    "convert": "Nothing was written.",
    "show": "Nothing was changed.",
    "report": "The same command makes the report anew.",
}
STOPPED_ELSEWHERE = "What is finished is kept: the same command goes on from there."
"""What Ctrl-C leaves, by stage."""

SEPARATOR = "--"
HELP = {"-h", "--help"}


def main(words: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 2 a mistake that the user can mend, 130 Ctrl-C, 141 nobody reads on; a bug raises."""
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        if not pipes.left():
            raise
        return READER_LEFT
    return status


def _run(words: Sequence[str] | None) -> int:
    stage, *given = list(sys.argv[1:] if words is None else words) or ["--help"]
    if stage == "help" and given:  # as in: help train dataset
        stage, given = given[0], ["--help", *given[1:]]
    overrides = of_each_job(named_runs(stage, given))
    settle_environment()
    forgive_terminal()
    if "--version" in (stage, *overrides):
        print(f"clinsynth {clinsynth.__version__}")
        return 0
    if stage in HELP | {"help"}:
        help.show_stages()
        return 0
    if stage == demo.NAME:
        return _run_demo(given)
    completes = completion.is_asked([stage, *given])
    if stage not in config.STAGES and not completes:
        near = help.did_you_mean(help.near_names(stage, list(config.STAGES)))
        return _complain(f"{stage!r} is not a stage. {near}Stages: {', '.join(config.STAGES)}. See `clinsynth --help`.")
    config.register(tasks.schemas())
    try:
        if completes:
            completion.complete([stage, *given], hydra=_hand_over)
        elif HELP & set(overrides):
            _show_help(stage, overrides)
        else:
            flags.check_flags(overrides)
            with as_ctrl_c(signal.SIGTERM):
                _hand_over(stage, overrides)
    except KeyboardInterrupt:
        print(f"\nStopped. {STOPPED.get(stage, STOPPED_ELSEWHERE)}", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        status = _said(error, stage, overrides)
        if status is None:
            raise
        return status
    finally:
        if command := sweeps.report_command(sweeps.Failures.sweep):
            print(f"The table of this sweep: {command}")
    return 0


def _run_demo(given: Sequence[str]) -> int:
    if HELP & set(given):
        print(demo.HELP)
    elif given:
        return _complain(
            f"clinsynth {demo.NAME} takes no {given[0]}: it is a fixed list of commands, each of which does."
        )
    else:
        from clinsynth.cli.series import alone  # which imports this module

        return demo.run(alone)
    return 0


def _said(error: Exception, stage: str, overrides: Sequence[str]) -> int | None:
    """Say what is wrong, and return the exit status; `None` for a bug, whose traceback is wanted, and a broken pipe."""
    if isinstance(error, BrokenPipeError):
        return None
    if isinstance(error, HydraException | OmegaConfBaseException):
        return _complain(mistakes.explained(error, stage, overrides))
    if isinstance(error, BrokenExecutor):
        return _complain_of_killed()
    if isinstance(error, ClinsynthError):
        return _complain_of_sweep() or _complain(str(error), status=error.status)
    if isinstance(error, yaml.YAMLError):
        return _complain(f"a file of the config is no YAML: {error}")
    if isinstance(error, ValueError) and "Config group override must be" in str(error):
        return _complain(mistakes.no_option(stage, overrides))  # Hydra's word for size=5, which is no option's name
    if isinstance(error, OSError):
        if error.errno not in _REFUSALS and _raised_by_a_stage(error):
            return None
        return _complain(
            f"{error.filename or 'a file'} cannot be written: {error.strerror}. Jobs write below the current folder; "
            "choose others with output=, to= or folder=, where the stage has it, and with hydra.run.dir=, "
            "hydra.sweep.dir=, paths.artifacts=, tracking.artifacts=."
        )
    _complain_of_sweep()
    if (fault := _database_fault(error)) is None:
        return None
    return _complain(
        f"a database cannot be used ({fault}): the MLflow store (tracking.uri), or completions.db of paths.artifacts. "
        "Where it is locked, end the process that holds it; where the disk is full, make room; a damaged one has to be "
        "replaced by a copy, or moved away."
    )


def forgive_terminal() -> None:
    """Show what a terminal has no sign for by another one: it is not worth a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _show_help(stage: str, words: Sequence[str]) -> None:
    """Words that are no overrides are groups, or parts of keys, that help is asked about."""
    given = [word for word in words if "=" in word or word.startswith("~")]
    help.show_stage(
        stage,
        [word for word in given if not word.startswith("-")],
        topics=[word for word in words if word not in given and not word.startswith("-")],
        folder=next((word.partition("=")[2] for word in given if word.startswith("--config-dir=")), None),
    )


def _hand_over(stage: str, overrides: list[str]) -> None:
    """Run the stage under Hydra, which reads `sys.argv`."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise to us instead of printing
    given, sys.argv = sys.argv, ["clinsynth", *flags.flags_first(overrides)]
    try:
        with composed_once():
            hydra.main(version_base="1.3", config_path=str(config.conf_folder()), config_name=stage)(stages.run)()
    except sweeps.JobError as failed:
        raise failed.error from None
    finally:
        sweeps.Progress.end()
        sys.argv = given


def named_runs(stage: str, words: Sequence[str]) -> list[str]:
    """Return words with the runs that `compare` is given by their ids as its key `runs`, and with `cache from=`."""
    runs = [word for word in words if stage == "compare" and re.fullmatch("[0-9a-f]{4,32}", word)]
    listed = ",".join(f"'{run}'" for run in runs)
    if stage == "cache":  # a key of the config cannot have a word of Python's as its name
        return [re.sub(r"^from=", "place=", word) for word in words]
    return [*(word for word in words if word not in runs), *([f"runs=[{listed}]"] if runs else [])]


def of_each_job(words: Sequence[str]) -> list[str]:
    """Return words with what is behind `--` as the list `overrides` of `sweep` and `report`, quoted for Hydra."""
    if SEPARATOR not in words:
        return list(words)
    place = words.index(SEPARATOR)
    return [*words[:place], f"overrides=[{','.join(map(quoted, words[place + 1 :]))}]"]


def _raised_by_a_stage(error: BaseException) -> bool:
    """False where Hydra could not even make the folder of the job."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__", "").startswith("clinsynth.stages") for frame, _ in frames)


def _complain(message: str, *, status: int = USER_MISTAKE) -> int:
    width = 100
    said = printable(" ".join(message.split()))
    print(
        textwrap.fill(f"clinsynth: {said}", width, break_long_words=False, break_on_hyphens=False),
        file=sys.stderr,
    )
    return status


def _complain_of_killed() -> int:
    """Name the jobs that a sweep has lost with a process that was killed."""
    lost = sweeps.broken_off(sweeps.Failures.sweep)
    _complain(
        f"a process of this sweep was killed, perhaps for lack of memory, and the sweep ended with it. {len(lost)} "
        "jobs are not done; the same command does them, and no others. With fewer jobs side by side there is more "
        "memory for each."
    )
    for job in lost:
        print(f"  job {job['job']}: {sweeps.rerun_command(job)}", file=sys.stderr)
    _complain_of_sweep()
    return USER_MISTAKE


def _database_fault(error: BaseException | None) -> str | None:
    """Return what SQLite could not do, where an error comes of a database that is locked, full or damaged."""
    faults = r"locked|disk|malformed|not a database|readonly|unable to open"
    while error is not None:
        if isinstance(error, sqlite3.DatabaseError) and re.search(faults, str(error)):
            return str(error)
        error = error.__cause__ or error.__context__
    return None


def _complain_of_sweep() -> int:
    """List the failed jobs of a sweep, if that is what failed."""
    failed = sweeps.failures(sweeps.Failures.sweep)
    for failure in failed:
        _complain(f"job {failure['job']} failed: {failure['error'].strip().splitlines()[-1]}")
        print(f"  again: {sweeps.rerun_command(failure)}", file=sys.stderr)
    return USER_MISTAKE if failed and not any(failure["bug"] for failure in failed) else 0
