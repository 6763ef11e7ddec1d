"""Callbacks around jobs: how far a sweep is, which jobs failed, and how to run them again."""

from __future__ import annotations

import json
import os
import shlex
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from clinsynth.config import grids
from clinsynth.errors import ClinsynthError, MissingCompletions, Pruned, withheld
from clinsynth.stages.overrides import combinations, places, plain_or_quoted

FILE = "failure.json"

WHOLE = "multirun.yaml"
"""Hydra's file of the config that all jobs of a sweep have in common."""

EVERY = 5.0
"""Seconds between two looks at a sweep."""


class JobError(BaseException):
    """Carries the error of a single run past Hydra's own report of it, which would print it twice."""

    def __init__(self, error: ClinsynthError | OSError) -> None:
        self.error = error


class Failures(Callback):
    """Leaves `failure.json` in the folder of a job that failed, in whichever process it ran."""

    sweep: ClassVar[Path | None] = None
    """Folder of the sweep that this process has started."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        Failures.sweep = Path(config.hydra.sweep.dir)

    def on_job_end(self, config: DictConfig, job_return: Any, **_: Any) -> None:
        error = job_return._return_value
        if not isinstance(error, Exception) or isinstance(error, Pruned):
            return
        if config.hydra.mode == RunMode.RUN:
            if isinstance(error, ClinsynthError | OSError):
                raise JobError(error)
            return
        ours = isinstance(error, ClinsynthError)
        said = str(error) if ours else "".join(traceback.format_exception(error))
        public = OmegaConf.select(config, "dataset.public", default=False)
        failure = {
            "job": config.hydra.job.num,
            "stage": config.hydra.job.config_name,
            "overrides": OmegaConf.to_container(config.hydra.overrides.task, resolve=False),  # they may hold secrets
            "places": places(config.hydra),
            "error": said if public else withheld(said),
            "bug": not ours,
            "missing": isinstance(error, MissingCompletions),
        }
        (Path(config.hydra.runtime.output_dir) / FILE).write_text(json.dumps(failure, indent=2), encoding="utf-8")


@dataclass(frozen=True)
class State:
    """How far a sweep is."""

    total: int
    done: int
    running: int
    failed: int
    seconds: float | None
    """That are left, at the pace of the jobs that are done; None before there is one."""

    @property
    def left(self) -> int:
        return self.total - self.done - self.running - self.failed

    def __str__(self) -> str:
        told = f"{self.done} of {self.total} jobs done, {self.running} running, {self.failed} failed, {self.left} left"
        if self.seconds is None or not self.left + self.running:
            return told
        minutes = self.seconds / 60
        return f"{told}; about {minutes:.0f} min" if minutes >= 1 else f"{told}; less than a minute"


def state(folder: Path, *, total: int, now: float) -> State:
    """Read off the folders of the jobs, which any launcher makes."""
    began = {place.parents[1]: place.stat().st_mtime for place in folder.glob("*/.hydra/config.yaml")}
    ended = {place.parent: place.stat().st_mtime for place in folder.glob("*/summary.json")}
    failed = [place.parent for place in folder.glob(f"*/{FILE}")]
    running = [job for job in began if job not in ended and job not in failed]
    took = [ended[job] - began[job] for job in began if job in ended]
    # A job that was finished before is skipped in seconds, and says nothing about those that are not.
    worked = [seconds for seconds in took if 4 * seconds >= max(took)]
    left, seconds = total - len(ended) - len(failed), None
    if worked:
        each = sum(worked) / len(worked)
        spent = sum(min(now - began[job], each) for job in running)
        seconds = max(0.0, each * left - spent) / max(len(running), 1)
    return State(total, done=len(ended), running=len(running), failed=len(failed), seconds=seconds)


class Progress(Callback):
    """Says how far a sweep is, whichever launcher runs its jobs."""

    over: ClassVar[threading.Event] = threading.Event()
    watch: ClassVar[threading.Thread | None] = None  # launchers send the callback itself to other processes

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        if "trials" in config.hydra.sweeper:  # a study tells each of its trials
            return
        Progress.over.clear()
        folder, axes = Path(config.hydra.sweep.dir), config.hydra.sweeper.get("params") or {}
        chosen = config.hydra.launcher.get("only")  # of Slurm's, which may be handed some of them
        total = len(chosen or combinations(axes, config.hydra.overrides.task))
        Progress.watch = threading.Thread(target=self._watch, args=(folder, total), daemon=True)
        Progress.watch.start()

    @classmethod
    def end(cls) -> None:
        """Hydra calls nothing at the end of a sweep with a failed job."""
        if cls.watch is not None:
            cls.over.set()
            cls.watch.join()
            cls.watch = None

    def _watch(self, folder: Path, total: int) -> None:
        """A line when the counts change, and one at the end."""
        print(f"{total} jobs, in {folder}", flush=True)
        before: tuple[int, int, int] | None = None
        while True:
            over = Progress.over.wait(EVERY)
            found = state(folder, total=total, now=time.time())
            counts = (found.done, found.running, found.failed)
            if counts != before and (found.done or found.failed):
                print(found, flush=True)
            before = counts
            if over:
                return


def broken_off(sweep: Path | None) -> list[dict[str, Any]]:
    """Return the jobs of a sweep that have left neither a result nor an error, as `failures` does, in order."""
    if sweep is None or not (sweep / WHOLE).is_file():
        return []
    config = OmegaConf.load(sweep / WHOLE)
    hydra = config.hydra
    jobs = combinations(hydra.sweeper.get("params") or {}, hydra.overrides.task)
    ended = {path.parent.name for name in (FILE, "summary.json") for path in sweep.glob(f"*/{name}")}
    return [
        {"job": number, "stage": hydra.job.config_name, "overrides": words, "places": places(hydra)}
        for number, words in enumerate(jobs)
        if str(number) not in ended
    ]


def report_command(sweep: Path | None) -> str | None:
    """Return the command that prints the table of a sweep; `None` where none of its jobs has scored anything."""
    if sweep is None or not any(sweep.glob("*/summary.json")) or not (sweep / WHOLE).is_file():
        return None
    config = OmegaConf.load(sweep / WHOLE)
    of_target = config.hydra.runtime.choices.get("experiment") in grids.all_experiments()  # `report target=` has these
    if of_target or config.hydra.job.config_name not in ("train", "zero_shot"):
        return None
    table = OmegaConf.select(config, "tracking.table")
    word = f"sweep={plain_or_quoted(os.path.relpath(sweep))}" if table is None else f"table={plain_or_quoted(table)}"
    return shlex.join(["clinsynth", "report", word])


def failures(sweep: Path | None) -> list[dict[str, Any]]:
    """Failed jobs of a sweep, in order."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sweep.glob(f"*/{FILE}")] if sweep else []
    return sorted(found, key=lambda failure: int(failure["job"]))


def rerun_command(failure: dict[str, Any]) -> str:
    return shlex.join(["clinsynth", failure["stage"], *failure["overrides"], *failure["places"]])
