"""Run what a table or figure of the papers lacks."""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Launcher, SweepConfig
from clinsynth.errors import ConfigError, JobsFailed
from clinsynth.stages import Job, grid, targets
from clinsynth.stages.estimates import Estimate
from clinsynth.stages.grid import Planned
from clinsynth.stages.overrides import quoted
from clinsynth.stages.targets import answers, gaps, runs
from clinsynth.stages.targets.asked import command_words
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
    jobs: dict[tuple[str, ...], Planned] = {}
    for each in targets.jobs(settings.target, scale=settings.scale, overrides=settings.overrides):
        jobs.setdefault(answers.identity(each), each)  # experiments may share some
    done = runs.finished(ledger, jobs.values())
    left = [each for key, each in jobs.items() if key not in done]
    what = "all targets" if settings.target == targets.ALL else settings.target
    print(f"{what} at scale={settings.scale}: {len(jobs)} jobs, {len(done)} are done, {len(left)} are left")
    lack = gaps.lacking(left)
    able = [each for each in left if each not in lack]
    words = command_words(settings.target, scale=settings.scale, overrides=settings.overrides)
    if lack:
        print(f"{len(lack)} of them lack completions, which `clinsynth report {words}` says how to get.")
    if able:
        print(_told(able, settings=settings, ledger=ledger), flush=True)
    if settings.dry_run:
        for experiment in dict.fromkeys(each.experiment for each in left):
            print(f"  {shlex.join(grid.command(experiment, overrides=settings.overrides))}")
        return
    experiments = dict.fromkeys(each.experiment for each in able)
    run_in_turn(
        [_command(settings, each, folder=job.folder / each.replace("/", "-")) for each in experiments], job.folder
    )
    print(f"The table: clinsynth report {words}")
    failed = set(map(answers.identity, able)) - set(runs.finished(ledger, able))
    if failed:  # whatever has become of their process
        raise JobsFailed(
            f"{len(failed)} of {len(able)} jobs failed; what went wrong is said above. `clinsynth sweep {words}` runs "
            "them again, and no others."
        )


def _check(launcher: Launcher) -> None:
    if launcher.value.startswith("submitit") and importlib.util.find_spec("submitit") is None:
        raise ConfigError(f"launcher={launcher.value} needs a package: pip install 'clinsynth[slurm]'")


def _told(left: Sequence[Planned], *, settings: SweepConfig, ledger: Ledger) -> str:
    """Return how long it will take, on this machine."""
    if settings.launcher is Launcher.submitit:
        return f"They go to Slurm, {settings.side_by_side} at once."
    at_once = {Launcher.basic: 1, Launcher.submitit_local: len(left)}.get(settings.launcher, settings.side_by_side)
    minutes = Estimate(ledger).minutes(left, side_by_side=at_once)
    if minutes is None:
        return "How long they will take is not known: no run of this backbone has been measured yet."
    return f"That takes about {minutes:.0f} minutes." if minutes >= 1.5 else "That takes a minute or less."


def run_in_turn(commands: Sequence[Sequence[str]], folder: Path) -> None:
    """Run commands one after another in one process, and in a new one those behind a command that it died of."""
    listed = folder / "commands.json"
    listed.write_text(json.dumps(commands), encoding="utf-8")
    ended, before, left = -1, len(commands) + 1, len(commands)
    while ended < 0 and 0 < left < before:  # killed, by a command that it had taken off
        ended = subprocess.run([sys.executable, "-m", "clinsynth.cli.series", str(listed)], check=False).returncode
        before, left = left, len(json.loads(listed.read_text(encoding="utf-8")))


def _command(settings: SweepConfig, experiment: str, *, folder: Path) -> list[str]:
    """Return the words of a command that runs an experiment, with the launcher and the places of this sweep."""
    _, *command = grid.command(experiment, overrides=settings.overrides)
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
    command += [f"{key}={quoted(value)}" for key, value in places.items()]
    return command
