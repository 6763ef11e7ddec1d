"""Options that no file of `conf/` holds: amounts of synthetic data, shares of units, experiments, files of users."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from clinsynth.config import grids

SIZES = (
    *("default", "n1", "n2", "n3", "n4", "n5", "n10", "n15", "n20", "n25", "n30"),
    *("t100", "t200", "t400", "t800", "t1600", "t3200", "t6400"),
)
"""Those that are listed; of the tables and figures of Tang et al. 2023."""

SEED_RATIOS = tuple(f"r{percent:03}" for percent in range(0, 101, 10))

OTHERS = {
    "size": "Any other number will do: size=n7 is 7 per unit, size=t500 is 500 in all.",
    "seed_ratio": "Any other percentage will do: seed_ratio=r035 is a share of 0.35.",
    "dataset": "A file of your own will do: dataset=path/to/mine.yaml.",
}
"""What a group accepts beside the options that are listed."""


def size(name: str) -> dict[str, Any] | None:
    """Return the config of `n7` or `t500`; `default` is what the task usually takes. `None` for any other name."""
    if name == "default":
        return {"per_unit": None, "total": None}
    found = re.fullmatch(r"([nt])([1-9]\d*)", name)
    return found and {"per_unit" if found[1] == "n" else "total": int(found[2])}


def seed_ratio(name: str) -> dict[str, Any] | None:
    """Return the config of `r035`, a share of 0.35; relation has `r000`, a prompt without examples."""
    found = re.fullmatch(r"r(0\d\d|100)", name)
    return found and {"value": int(found[1]) / 100}


def experiment(name: str) -> dict[str, Any] | None:
    """Return the config of an experiment of a target, such as `train/mini/table7`; `None` for any other name."""
    try:
        return grids.grid(name).experiment()
    except KeyError:
        return None


class ServedOptions(ConfigSource):
    """A place on Hydra's search path, as a folder is; an option is made when it is chosen, and not before."""

    @staticmethod
    def scheme() -> str:
        return "clinsynth"

    def available(self) -> bool:
        return True

    def is_config(self, config_path: str) -> bool:
        return named_file(config_path) is not None or _made(config_path) is not None

    def is_group(self, config_path: str) -> bool:
        return not config_path or any(name.startswith(f"{config_path}/") for name in _listed(config_path))

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        start = f"{config_path}/".lstrip("/")
        found = {name.removeprefix(start) for name in _listed(config_path) if name.startswith(start)}
        groups = {name.partition("/")[0] for name in found if "/" in name}
        options = {name for name in found if "/" not in name}
        both = {ObjectType.GROUP: groups, ObjectType.CONFIG: options}
        return sorted(groups | options if results_filter is None else both[results_filter])

    def load_config(self, config_path: str) -> ConfigResult:
        file = named_file(config_path)
        if file is not None:
            header = self._get_header_dict(file.read_text(encoding="utf-8"))
            header.setdefault("package", config_path.partition("/")[0])
            return ConfigResult(self.provider, self.full_path(), OmegaConf.load(file), header=header)
        found = _made(config_path)
        if found is None:
            raise ConfigLoadError(f"Config not found: {config_path}")
        package = "_global_" if config_path.startswith("experiment/") else None
        return ConfigResult(self.provider, self.full_path(), OmegaConf.create(found), header={"package": package})


class _SearchPath(SearchPathPlugin):
    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="clinsynth", path="clinsynth://options")


def serve() -> None:
    """Let Hydra find these options; a call, so that importing has no effect."""
    for plugin in (ServedOptions, _SearchPath):
        Plugins.instance().register(plugin)


def named_file(path: str) -> Path | None:
    """Return the file of `dataset=my/mine.yaml`, which Hydra asks for as an option; `None` for any other name."""
    group, _, name = path.partition("/")
    file = Path(name).expanduser()
    own = name.endswith((".yaml", ".yml")) and group not in ("hydra", "schema") and file.is_file()
    return file if own else None


def _made(path: str) -> dict[str, Any] | None:
    group, _, name = path.removesuffix(".yaml").partition("/")
    made = {"size": size, "seed_ratio": seed_ratio, "experiment": experiment}
    return made[group](name) if group in made else None


def _listed(path: str) -> list[str]:
    """Return the options that are listed in a group, behind their groups; the groups alone for an empty path."""
    listed = {"size": lambda: SIZES, "seed_ratio": lambda: SEED_RATIOS, "experiment": grids.all_experiments}
    group = path.partition("/")[0]
    if not group:
        return [f"{name}/" for name in listed]
    return [f"{group}/{option}" for option in listed[group]()] if group in listed else []
