"""The stages of the command line. Only this package sees Hydra's config."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from clinsynth import config, tasks
from clinsynth.closed import closed_network
from clinsynth.stages import trials
from clinsynth.stages.memory import told_of_memory
from clinsynth.stages.overrides import places
from clinsynth.stages.trials import Trial
from clinsynth.types import Summary

PRIVATE = (config.PredictConfig, config.ReviewConfig, config.ChatConfig, config.ServeConfig)
"""Of stages that read a user's own texts, and may be told to open no connection."""


@dataclass(frozen=True)
class Job:
    """The job that runs, as far as Hydra knows it."""

    stage: str
    overrides: tuple[str, ...]
    """The words of the command line, as they may be logged."""
    choices: dict[str, str]
    """Group to the option that was chosen."""
    folder: Path
    resolved: str
    """The whole config as YAML, as it may be logged."""
    side_by_side: int
    """Jobs that share the machine."""
    sweep: str = ""
    """Folder of the sweep that the job is part of, from the current folder on; empty where it is alone."""
    trial: Trial | None = None
    """The trial of a study that the job is, where one that goes badly is given up."""
    places: tuple[str, ...] = ()
    """Words of the command line that say where else options are found."""

    @property
    def command(self) -> tuple[str, ...]:
        """Return the words that run this job alone."""
        return ("clinsynth", self.stage, *self.overrides, *self.places)

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags by which runs are filtered and grouped in MLflow's UI."""
        tags = {"stage": self.stage, "experiment": self.choices.get("experiment", ""), "sweep": self.sweep}
        return {name: value for name, value in tags.items() if value}


def run(cfg: DictConfig) -> Summary | None:
    """One job of the command line; returns its summary where it has one, which a study reads."""
    settings, job = settled(cfg, hydra=HydraConfig.get())
    found = begin(settings, job=job)
    return found if isinstance(found, Summary) else None


def settled(cfg: DictConfig, *, hydra: Any) -> tuple[Any, Job]:
    """Return the typed settings of a composed config and its job; `hydra` is Hydra's own node of it."""
    stage = str(hydra.job.config_name)
    settings = config.typed(cfg, config.STAGES[stage])
    return settings, _job(cfg, stage, settings=settings, hydra=hydra)


@told_of_memory()
def begin(settings: Any, *, job: Job) -> Any:
    """Check the gold of a job, then import what its stage needs, which takes seconds; return what the stage returns."""
    if isinstance(settings, config.CorpusConfig | config.ZeroShotConfig | config.SearchConfig):
        from clinsynth import datasets  # which `--help` need not wait for

        needed = ("test",) if isinstance(settings, config.ZeroShotConfig) else ("train", "test")
        task = tasks.open(settings.dataset)
        datasets.open_gold(task, data=Path(settings.paths.data), needed=needed)  # kept for the stage
    with closed_network(isinstance(settings, PRIVATE) and settings.private):
        return import_module(f"clinsynth.stages.{job.stage}").main(settings, job=job)


def _job(cfg: DictConfig, stage: str, *, settings: Any, hydra: Any) -> Job:
    overrides = tuple(cast(list[str], OmegaConf.to_container(hydra.overrides.task, resolve=False)))
    if isinstance(settings, config.CorpusConfig) and not settings.may_name_units():
        cfg, overrides = _without_units(cfg, overrides, number=len(settings.units.only))
    choices = {
        group: _named(str(option))
        for group, option in hydra.runtime.choices.items()
        if not {"/", "@"} & set(group) and option is not None and str(option) != "null"
    }
    return Job(
        stage=stage,
        overrides=overrides,
        choices=choices,
        folder=Path(hydra.runtime.output_dir),
        resolved=OmegaConf.to_yaml(cfg, resolve=True),
        side_by_side=_side_by_side(hydra),
        sweep=os.path.relpath(hydra.sweep.dir) if hydra.mode == RunMode.MULTIRUN else "",
        trial=trials.of_job(hydra),
        places=tuple(places(hydra)),
    )


def _without_units(cfg: DictConfig, overrides: Sequence[str], *, number: int) -> tuple[DictConfig, tuple[str, ...]]:
    """Return config and words as they are logged: with how many units were named, and not with their names."""
    withheld = f"{number} that are not public"
    logged = cfg.copy()
    OmegaConf.update(logged, "units.only", [withheld])
    named = re.compile(r"\+*units(\.only)?=")
    return logged, tuple(f"units.only=[{withheld}]" if named.match(word) else word for word in overrides)


def _named(option: str) -> str:
    """Return the name of an option; a file of the user's own is named as it would be in a folder of the group."""
    return Path(option).stem if option.endswith((".yaml", ".yml")) else option


def _side_by_side(hydra: Any) -> int:
    jobs = int(OmegaConf.select(hydra, "launcher.n_jobs", default=1) or 1)
    return (os.cpu_count() or 1) if jobs < 0 else jobs
