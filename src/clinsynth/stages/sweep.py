"""Run what a table or figure of the papers lacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from clinsynth import sweeps
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Launcher, SweepConfig
from clinsynth.errors import JobsFailed
from clinsynth.stages import Job, grid, targets
from clinsynth.tracking import Ledger


def main(settings: SweepConfig, *, job: Job) -> None:
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    jobs = {planned.run_key: planned for planned in grid.jobs(settings.target, scale=settings.scale)}
    done = targets.finished(ledger, jobs)
    left = [planned for key, planned in jobs.items() if key not in done]
    print(f"{settings.target} at scale={settings.scale}: {len(jobs)} jobs, {len(done)} are done, {len(left)} are left")
    if settings.dry_run:
        print("".join(f"  {' '.join(planned.command)}\n" for planned in left), end="")
        return
    failed: list[dict[str, Any]] = []
    for experiment in dict.fromkeys(planned.experiment for planned in left):
        folder = job.folder / experiment.replace("/", "-")
        subprocess.run(_command(settings, experiment, folder=folder), check=False)
        failed += sweeps.failures(folder)
    unrecorded = [failure for failure in failed if failure["missing"]]
    if unrecorded:
        print(f"{len(unrecorded)} jobs lack completions: `clinsynth report target={settings.target}` names them.")
    if len(failed) > len(unrecorded):
        commands = "; ".join(sweeps.rerun_command(failure) for failure in failed if not failure["missing"])
        raise JobsFailed(f"{len(failed) - len(unrecorded)} jobs of {settings.target} failed. Again: {commands}")


def _command(settings: SweepConfig, experiment: str, *, folder: Path) -> list[str]:
    stage = experiment.partition("/")[0]
    command = [sys.executable, "-m", "clinsynth.cli", stage, "-m", f"experiment={experiment}"]
    if settings.launcher is not Launcher.basic:
        command += [f"hydra/launcher={settings.launcher.value}", f"hydra.launcher.n_jobs={settings.side_by_side}"]
    places = {
        "hydra.sweep.dir": folder.resolve(),
        "paths.data": settings.paths.data,
        "paths.artifacts": settings.paths.artifacts,
        "tracking.uri": settings.tracking.uri,
        "tracking.artifacts": settings.tracking.artifacts,
    }
    return [*command, *(f"{key}={value}" for key, value in places.items())]
