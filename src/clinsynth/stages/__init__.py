"""The stages of the command line. Only this package sees Hydra's config."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from clinsynth import config


@dataclass(frozen=True)
class Job:
    """The job that runs, as far as Hydra knows it."""

    stage: str
    overrides: tuple[str, ...]
    choices: dict[str, str]
    """Group to the option that was chosen."""
    folder: Path
    resolved: str
    """The whole config as YAML."""
    side_by_side: int
    """Jobs that share the machine."""
    sweep: str = ""
    """Folder of the sweep that the job is part of, from the current folder on; empty where it is alone."""

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags by which runs are filtered and grouped in MLflow's UI."""
        tags = {"stage": self.stage, "experiment": self.choices.get("experiment", ""), "sweep": self.sweep}
        return {name: value for name, value in tags.items() if value}


def run(cfg: DictConfig) -> None:
    """One job: check its settings, then import what its stage needs, which takes seconds."""
    stage = str(HydraConfig.get().job.config_name)
    settings = config.typed(cfg, config.STAGES[stage])
    job = _job(cfg, stage)
    import_module(f"clinsynth.stages.{stage}").main(settings, job=job)


def _job(cfg: DictConfig, stage: str) -> Job:
    hydra: Any = HydraConfig.get()
    choices = {
        group: str(option)
        for group, option in hydra.runtime.choices.items()
        if not {"/", "@"} & set(group) and option is not None and str(option) != "null"
    }
    return Job(
        stage=stage,
        overrides=tuple(cast(list[str], OmegaConf.to_container(hydra.overrides.task, resolve=False))),
        choices=choices,
        folder=Path(hydra.runtime.output_dir),
        resolved=OmegaConf.to_yaml(cfg, resolve=True),
        side_by_side=_side_by_side(hydra),
        sweep=os.path.relpath(hydra.sweep.dir) if hydra.mode == RunMode.MULTIRUN else "",
    )


def _side_by_side(hydra: Any) -> int:
    jobs = int(OmegaConf.select(hydra, "launcher.n_jobs", default=1) or 1)
    return (os.cpu_count() or 1) if jobs < 0 else jobs
