"""The settings of `sweep`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.grids import check_scale
from clinsynth.config.options import AT_LEAST_1, check, option
from clinsynth.config.places import PathsConfig, TrackingConfig


class Launcher(Enum):
    basic = "basic"
    joblib = "joblib"
    slurm = "slurm"
    submitit = "submitit"
    submitit_local = "submitit_local"


class SweepAction(Enum):
    run = "run"
    status = "status"
    follow = "follow"
    cancel = "cancel"


@dataclass
class SweepConfig:
    """Run what a table or figure of the papers lacks: its grids, but for the jobs that are done."""

    action: SweepAction = option(
        MISSING,
        "run: hand over what is missing; of the jobs that Slurm was given, of one target or of all: status: how far "
        "they are, follow: the same until they have ended, cancel: end them",
    )
    target: str | None = option(MISSING, "a table or figure of the papers: table7, figure2 ..., or all")
    scale: str = option(MISSING, "of its grids, conf/targets/<target>.yaml: paper, mini, smoke")
    overrides: list[str] = option(
        [], "of each job; written behind --, as in -- llm=openai hydra.launcher.partition=gpu"
    )
    launcher: Launcher = option(
        MISSING,
        "basic: one job after the other; joblib: several side by side; slurm: arrays of a cluster, for which nobody "
        "waits; submitit: the same of each grid whole, and waits; submitit_local: on this machine, all at once",
    )
    side_by_side: int = option(MISSING, "joblib, slurm, submitit: so many at once")
    jobs_per_allocation: int | None = option(
        None,
        "slurm: so many jobs to an allocation, one after another; null: as many as take a quarter of an hour, where "
        "earlier runs tell",
    )
    dry_run: bool = option(
        MISSING, "print the command of each grid that has jobs left, and what they will take; run nothing"
    )
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check_scale(self.scale)
        needed = self.action is SweepAction.run
        check(not needed or self.target is not None, "target", "null", "a table or figure of the papers, or all")
        check(self.side_by_side >= 1, "side_by_side", self.side_by_side, "at least 1")
        each = self.jobs_per_allocation
        check(each is None or each >= 1, "jobs_per_allocation", each, AT_LEAST_1)
