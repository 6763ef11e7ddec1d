"""Configs from elsewhere are settings and no programs: they name nothing that is called, or handed to processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf

from clinsynth.config.folder import conf_folder
from clinsynth.errors import ConfigError

_CALLED = {"_target_", "()", "job_logging", "hydra_logging", "env_set"}
"""Keys by which Hydra, and Python's logging, are told what to call, and jobs their environment."""

_MADE = re.compile(r"\$\{\s*oc\.(create|decode)\b")
"""Interpolations that make keys out of text."""


def check_runs_nothing(found: ConfigResult, *, name: str) -> None:
    """Raise ConfigError for a config that has one of these, unless it is of clinsynth's own `conf/` or of a package.

    A launcher or sweeper may be named, for there Hydra takes none but those of its plugins.
    """
    if found.path == f"file://{conf_folder()}" or not found.path.startswith(("file:", "clinsynth:")):
        return
    for key, value in _entries(OmegaConf.to_container(found.config)):
        plugin = key == "_target_" and str(value).startswith("hydra_plugins.")
        if (key in _CALLED and not plugin) or (isinstance(value, str) and _MADE.search(value)):
            raise ConfigError(
                f"the config {name} has {key}: {value!r}, by which Python or other programs can be run. A file of your "
                "own, or from others, holds settings alone. On the command line you can say what Hydra is to call, as "
                "in +hydra.callbacks.mine._target_=my.Callback."
            )


def _entries(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value below a node with its key; values of lists have that of the list."""
    inner = node.items() if isinstance(node, dict) else ((key, one) for one in node)
    for name, value in inner:
        yield str(name), value
        if isinstance(value, dict | list):
            yield from _entries(value, str(name))
