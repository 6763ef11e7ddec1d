"""Overrides of Hydra, as words of a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


def combinations(axes: Mapping[str, Any], words: Sequence[str] = ()) -> list[list[str]]:
    """Overrides of every job of a grid, as Hydra's own sweeper takes it apart; `words` are of the command line."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides([*(f"{key}={values}" for key, values in axes.items()), *words])
    (batch,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    return [list(job) for job in batch]


def quoted(value: object) -> str:
    """Return a value as Hydra reads it back, whatever signs it has: spaces, quotes, what looks interpolated."""
    text = re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + (r"\'" if found[2] else ""), str(value))
    return "'" + text.replace("${", r"\${") + "'"
