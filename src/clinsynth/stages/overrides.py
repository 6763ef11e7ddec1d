"""Overrides of Hydra, as words of a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import OmegaConf


def combinations(axes: Mapping[str, Any], words: Sequence[str] = ()) -> list[list[str]]:
    """Overrides of every job of a grid, as Hydra's own sweeper takes it apart; `words` are of the command line."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides([*(f"{key}={values}" for key, values in axes.items()), *words])
    (batch,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    return [list(job) for job in batch]


def config_dirs(hydra: Any) -> list[str]:
    """Return the folders that `--config-dir` has named, out of Hydra's node of a job's config."""
    sources = OmegaConf.select(hydra, "runtime.config_sources") or ()
    return [source.path for source in sources if source.provider == "command-line"]


def places(hydra: Any) -> list[str]:
    """Return the words of the command line that say where else options are found."""
    path = [word for word in hydra.overrides.hydra if word.startswith("hydra.searchpath=")]
    return [*(f"--config-dir={folder}" for folder in config_dirs(hydra)), *path]


def plain_or_quoted(value: str) -> str:
    """Return a value as Hydra reads it back, in quotes only where it needs them."""
    return value if re.fullmatch(r"[A-Za-z0-9_./:-]+", value) else quoted(value)


def quoted(value: object) -> str:
    """Return a value as Hydra reads it back, whatever signs it has: spaces, quotes, what looks interpolated."""
    text = re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + (r"\'" if found[2] else ""), str(value))
    return "'" + text.replace("${", r"\${") + "'"
