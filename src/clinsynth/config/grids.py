"""The grids of the papers' tables and figures, `conf/targets/<target>.yaml`, each of which is an experiment.

The folder is not called `target`: Hydra would take it for a group, and `sweep target=table7` for a choice from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from clinsynth.config.folder import conf_folder
from clinsynth.errors import ConfigError

SCALES = ("paper", "mini", "smoke")

LOGGED = ("train", "zero_shot", "analyse")
"""Stages whose jobs leave a run."""


def check_scale(scale: str) -> None:
    """Raise ConfigError for a scale that there is not."""
    if scale not in SCALES:
        raise ConfigError(f"scale={scale} is none: scales are {', '.join(SCALES)}.")


@dataclass(frozen=True)
class Grid:
    """Jobs of one stage; `train/table7_few` of the scale mini is the experiment `train/mini/table7_few`."""

    stage: str
    target: str
    axes: dict[str, Any]
    """A value, or several, of each option or key: their product is the jobs."""
    options: dict[str, str] = field(default_factory=dict)
    """Of groups, for all jobs."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of keys, for all jobs."""

    def params(self) -> dict[str, str]:
        """Return the axes as Hydra's sweeper has them, with commas between values."""
        values = {key: value if isinstance(value, list) else [value] for key, value in self.axes.items()}
        return {key: ",".join("null" if one is None else str(one) for one in each) for key, each in values.items()}

    def experiment(self) -> dict[str, Any]:
        """Return what a file of the group `experiment` would hold; no model is kept, and runs are tagged."""
        trainer = {"trainer": self.settings.get("trainer", {}) | {"save_model": False}}
        return {
            "defaults": [{f"override /{group}": option} for group, option in self.options.items()],
            "hydra": {"mode": "MULTIRUN", "sweeper": {"params": self.params()}},
            **self.settings,
            **(trainer if self.stage == "train" else {}),
            **({"tracking": {"table": self.target}} if self.stage in LOGGED else {}),
        }


def targets(scale: str) -> list[str]:
    """Return the tables and figures that have grids at a scale."""
    files = sorted((conf_folder() / "targets").glob("*.yaml"))
    return [file.stem for file in files if any(f"/{scale}/" in name for name in _read(file))]


def experiments(target: str, *, scale: str) -> list[str]:
    """Return the experiments of a target, such as `train/mini/table7_few`; raises ConfigError where there is none."""
    found = [name for name in _grids(target) if f"/{scale}/" in name]
    if not found:
        raise ConfigError(
            f"target={target} has no experiment at scale={scale}. Those that have: {', '.join(targets(scale))}."
        )
    return found


def all_experiments() -> list[str]:
    """Return the experiments of all targets at all scales."""
    return [name for scale in SCALES for target in targets(scale) for name in experiments(target, scale=scale)]


def grid(experiment: str) -> Grid:
    """Return the grid that an experiment of a target is; raises KeyError where there is none."""
    return _grids(experiment.rpartition("/")[2].partition("_")[0])[experiment]


def _grids(target: str) -> dict[str, Grid]:
    """Return the grids of a target by the experiment; empty where it has none."""
    return _read(conf_folder() / "targets" / f"{target}.yaml")


@lru_cache
def _read(file: Path) -> dict[str, Grid]:
    # Faster than OmegaConf's loader, which matters for lists of all; it takes 5e-4 for text, as YAML 1.1 does.
    content = yaml.load(file.read_bytes(), yaml.CSafeLoader) if file.is_file() else {}
    return {
        name.replace("/", f"/{scale}/"): Grid(name.partition("/")[0], file.stem, **parts)
        for scale, grids in content.items()
        for name, parts in grids.items()
    }
