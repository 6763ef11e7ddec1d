"""Run what a table or figure of the papers lacks."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinsynth import sweeps
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Launcher, SweepConfig
from clinsynth.errors import ConfigError, JobsFailed
from clinsynth.stages import Job, targets
from clinsynth.stages.estimates import Estimate
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import runs
from clinsynth.tracking import Ledger

PLUGINS = {
    Launcher.joblib: "joblib",
    Launcher.submitit: "submitit_slurm",
    Launcher.submitit_local: "submitit_local",
}
"""Launchers by their names in Hydra."""

AT_ONCE = {Launcher.joblib: "n_jobs", Launcher.submitit: "array_parallelism"}
"""The key of a launcher that bounds the jobs side by side."""


def main(settings: SweepConfig, *, job: Job) -> None:
    _check(settings.launcher)
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    jobs: dict[str, Planned] = {}
    for each in targets.jobs(settings.target, scale=settings.scale, overrides=settings.overrides):
        jobs.setdefault(each.run_key, each)  # experiments may share some
    done = runs.finished(ledger, jobs.values())
    left = [each for key, each in jobs.items() if key not in done]
    what = "all targets" if settings.target == targets.ALL else settings.target
    print(f"{what} at scale={settings.scale}: {len(jobs)} jobs, {len(done)} are done, {len(left)} are left")
    if left:
        print(_told(left, settings=settings, ledger=ledger), flush=True)
    if settings.dry_run:
        print("".join(f"  {shlex.join(each.command)}\n" for each in left), end="")
        return
    failed: list[dict[str, Any]] = []
    for experiment in dict.fromkeys(each.experiment for each in left):
        folder = job.folder / experiment.replace("/", "-")
        subprocess.run(_command(settings, experiment, folder=folder), check=False)
        failed += sweeps.failures(folder)
    unrecorded = [failure for failure in failed if failure["missing"]]
    if unrecorded:
        print(f"{len(unrecorded)} jobs lack completions: `clinsynth report target={settings.target}` names them.")
    if len(failed) > len(unrecorded):
        commands = "; ".join(sweeps.rerun_command(failure) for failure in failed if not failure["missing"])
        raise JobsFailed(f"{len(failed) - len(unrecorded)} jobs of {settings.target} failed. Again: {commands}")


def _check(launcher: Launcher) -> None:
    if launcher.value.startswith("submitit") and importlib.util.find_spec("submitit") is None:
        raise ConfigError(f"launcher={launcher.value} needs a package: pip install 'clinsynth[slurm]'")


def _told(left: Sequence[Planned], *, settings: SweepConfig, ledger: Ledger) -> str:
    """How long it will take, on this machine."""
    if settings.launcher is Launcher.submitit:
        return f"They go to Slurm, {settings.side_by_side} at once."
    at_once = 1 if settings.launcher is Launcher.basic else settings.side_by_side
    minutes = Estimate(ledger).minutes(left, side_by_side=at_once)
    if minutes is None:
        return "How long they will take is not known: no run of this backbone has been measured yet."
    return f"That takes about {minutes:.0f} minutes." if minutes >= 1 else "That takes less than a minute."


def _command(settings: SweepConfig, experiment: str, *, folder: Path) -> list[str]:
    stage = experiment.partition("/")[0]
    command = [sys.executable, "-m", "clinsynth.cli", stage, "-m", f"experiment={experiment}", *settings.overrides]
    if settings.launcher in PLUGINS:
        command.append(f"hydra/launcher={PLUGINS[settings.launcher]}")
    if settings.launcher in AT_ONCE:
        command.append(f"hydra.launcher.{AT_ONCE[settings.launcher]}={settings.side_by_side}")
    places = {
        "hydra.sweep.dir": folder.resolve(),
        "paths.data": settings.paths.data,
        "paths.artifacts": settings.paths.artifacts,
        "tracking.uri": settings.tracking.uri,
        "tracking.artifacts": settings.tracking.artifacts,
    }
    return [*command, *(f"{key}={value}" for key, value in places.items())]
