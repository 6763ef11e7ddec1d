"""What the papers report, transcribed from their tables; percent."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, cast

from omegaconf import OmegaConf

TANG = "tang2023"
STANDS_FOR = "biobert"
"""Of the paper's backbones, the one that is shown beside a backbone that it has not: its best."""


def published(target: str, *, dataset: str, source: str, backbone: str) -> dict[str, float] | None:
    """Precision, recall and F1 (`p`, `r`, `f1`) of a cell, without deviations; None where the paper has none."""
    table = _tables()[TANG].get(target)
    cell: Any = (table or {}).get(dataset, {}).get(source)
    if cell is None:
        return None
    cell = cell.get(backbone) or cell.get(STANDS_FOR) or cell
    return {name: value[0] if isinstance(value, list) else value for name, value in cell.items()}


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    place = resources.files("clinsynth") / "assets" / "papers" / "tables.yaml"
    content = OmegaConf.to_container(OmegaConf.create(place.read_text(encoding="utf-8")))
    return cast(dict[str, Any], content)
