"""Run what a table or figure of the papers lacks."""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Launcher, SweepAction, SweepConfig
from clinsynth.errors import ConfigError, JobsFailed
from clinsynth.keys import digest
from clinsynth.reports.spending import show_sizing
from clinsynth.stages import Job, grid, queue, queued, sizing, targets
from clinsynth.stages.estimates import Estimate
from clinsynth.stages.grid import Planned
from clinsynth.stages.overrides import quoted
from clinsynth.stages.targets import answers, gaps, runs
from clinsynth.stages.targets.asked import command_words
from clinsynth.tracking import Ledger

PLUGINS = {
    Launcher.joblib: "joblib",
    Launcher.slurm: "slurm",
    Launcher.submitit: "submitit_slurm",
    Launcher.submitit_local: "submitit_local",
}
"""Launchers by their names in Hydra."""

AT_ONCE = {
    Launcher.joblib: "n_jobs",
    Launcher.slurm: "array_parallelism",
    Launcher.submitit: "array_parallelism",
}
"""The key of a launcher that bounds the jobs side by side."""

CLUSTER = (Launcher.slurm, Launcher.submitit)
"""Launchers whose jobs run elsewhere, in the precision of what they find there."""

SHORT = 15.0
"""Minutes that an allocation is to be worth."""


@dataclass(frozen=True)
class Numbered:
    """A job with its number in its grid, as Hydra counts them."""

    number: int
    planned: Planned

    @property
    def name(self) -> str:
        """Return what tells it from the jobs of all sweeps."""
        return digest(answers.identity(self.planned))[:24]


def main(settings: SweepConfig, *, job: Job) -> None:
    """Run the stage; raises JobsFailed where jobs that were waited for have left no run."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    if settings.action is not SweepAction.run:
        queued.act(settings.action, store=store, target=settings.target)
        return
    _check(settings.launcher)
    ledger = Ledger(settings.tracking, store=store)
    able = _to_run(settings, ledger=ledger)
    if not settings.dry_run:
        _run(settings, able, job=job, ledger=ledger)


def _to_run(settings: SweepConfig, *, ledger: Ledger) -> list[Numbered]:
    """Tell of the jobs, and return those that are to run now."""
    jobs = _jobs(settings)
    done = _finished(settings, jobs, ledger=ledger)
    left = [each for each in jobs if answers.identity(each.planned) not in done]
    what = "all targets" if settings.target == targets.ALL else settings.target
    print(f"{what} at scale={settings.scale}: {len(jobs)} jobs, {len(done)} are done, {len(left)} are left")
    lack = gaps.lacking([each.planned for each in left])
    held = queue.waiting(ledger.store) if settings.launcher is Launcher.slurm else set()
    able = [each for each in left if each.planned not in lack and each.name not in held]
    if lack:
        print(f"{len(lack)} of them lack completions, which `clinsynth report {_words(settings)}` says how to get.")
    if waiting := len(left) - len(lack) - len(able):
        print(f"{waiting} of them wait or run in Slurm's queue: `clinsynth sweep action=status` tells of them.")
    if able:
        print(_told([each.planned for each in able], settings=settings, ledger=ledger), flush=True)
    if settings.dry_run:
        show_sizing(sizing.size([each.planned for each in left], lack=lack, ledger=ledger))
        for experiment in dict.fromkeys(each.planned.experiment for each in left):
            print(f"  {shlex.join(grid.command(experiment, overrides=settings.overrides))}")
    return able


def _jobs(settings: SweepConfig) -> list[Numbered]:
    """Return the jobs of a target, of which experiments may share some."""
    assert settings.target is not None
    found: dict[tuple[str, ...], Numbered] = {}
    counts: Counter[str] = Counter()
    for each in targets.jobs(settings.target, scale=settings.scale, overrides=settings.overrides):
        found.setdefault(answers.identity(each), Numbered(counts[each.experiment], each))
        counts[each.experiment] += 1
    return list(found.values())


def _finished(settings: SweepConfig, jobs: Sequence[Numbered], *, ledger: Ledger) -> Collection[tuple[str, ...]]:
    elsewhere = settings.launcher in CLUSTER
    return runs.finished(ledger, [each.planned for each in jobs], elsewhere=elsewhere)


def _run(settings: SweepConfig, able: Sequence[Numbered], *, job: Job, ledger: Ledger) -> None:
    words, waits = _words(settings), settings.launcher is not Launcher.slurm
    run_in_turn(_commands(settings, able, folder=job.folder, ledger=ledger), job.folder)
    if not waits:
        print(
            "Until they have ended: clinsynth sweep action=follow; how far they are: action=status; to end them: "
            "action=cancel."
        )
    print(f"The table: clinsynth report {words}")
    jobs = [each.planned for each in able]
    if waits:  # whatever has become of their process
        failed = len(set(map(answers.identity, jobs)) - set(_finished(settings, able, ledger=ledger)))
    else:
        failed = len({each.name for each in able} - queue.names(ledger.store, folder=job.folder.resolve()))
    if failed:
        raise JobsFailed(
            f"{failed} of {len(able)} jobs failed; what went wrong is said above. `clinsynth sweep {words}` runs "
            "them again, and no others."
        )


def _commands(settings: SweepConfig, able: Sequence[Numbered], *, folder: Path, ledger: Ledger) -> list[list[str]]:
    """Return the words of a command for each grid."""
    grids: dict[str, list[Numbered]] = {}
    for each in able:
        grids.setdefault(each.planned.experiment, []).append(each)
    together = _together(settings, able, ledger=ledger) if settings.launcher is Launcher.slurm else 0
    return [
        [
            *_command(settings, experiment, folder=folder / experiment.replace("/", "-")),
            *(_handed_over(some, together=together) if together else ()),
        ]
        for experiment, some in grids.items()
    ]


def _handed_over(jobs: Sequence[Numbered], *, together: int) -> list[str]:
    """Return words that hand no others to Slurm, so many to an allocation, and do not wait for them."""
    only = ",".join(f"'{each.number}:{each.name}'" for each in jobs)
    return [
        f"hydra.launcher.only=[{only}]",
        f"hydra.launcher.jobs_per_allocation={together}",
        "hydra.launcher.wait=false",
    ]


def _together(settings: SweepConfig, able: Sequence[Numbered], *, ledger: Ledger) -> int:
    """Return how many jobs an allocation runs: as asked, or as many as are worth starting one."""
    if settings.jobs_per_allocation is not None or not able:
        return settings.jobs_per_allocation or 1
    minutes = Estimate(ledger).minutes([each.planned for each in able], side_by_side=1)
    if not minutes:
        return 1
    return max(1, min(round(SHORT * len(able) / minutes), len(able) // settings.side_by_side))


def _words(settings: SweepConfig) -> str:
    assert settings.target is not None
    return command_words(settings.target, scale=settings.scale, overrides=settings.overrides)


def _check(launcher: Launcher) -> None:
    if launcher.value.startswith(("submitit", "slurm")) and importlib.util.find_spec("submitit") is None:
        raise ConfigError(f"launcher={launcher.value} needs a package: pip install 'clinsynth[slurm]'")


def _told(left: Sequence[Planned], *, settings: SweepConfig, ledger: Ledger) -> str:
    """Return how long it will take, on this machine."""
    if settings.launcher in CLUSTER:
        return f"They go to Slurm, {settings.side_by_side} at once."
    at_once = {Launcher.basic: 1, Launcher.submitit_local: len(left)}.get(settings.launcher, settings.side_by_side)
    minutes, unknown = Estimate(ledger).known_minutes(left, side_by_side=at_once)
    known = len(left) - len(unknown)
    takes = f"about {minutes:.0f} minutes" if minutes >= 1.5 else "a minute or less"
    if not unknown:
        return f"That takes {takes}."
    backbones = ", ".join(sorted({job.settings.backbone.name for job in unknown}))
    told = f"{known} of them take {takes}. " if known else ""
    others = f"the other {len(unknown)}" if known else "they"
    return f"{told}How long {others} will take is not known: no run of {backbones} has been measured yet."


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
