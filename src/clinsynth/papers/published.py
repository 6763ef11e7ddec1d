"""What the papers report, transcribed from their tables; percent."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, cast

from omegaconf import OmegaConf

TANG, WOOLSEY = "tang2023", "woolsey2024"
BACKBONES = ("bert", "roberta", "biobert")
STANDS_FOR = "biobert"
"""Of the paper's backbones, the one that is shown beside a backbone that it has not: its best."""

SENTENCES = 30
"""Per entity, behind the synthetic rows of table 7."""

TEST_SETS = (
    "The paper scored on other test sets: a part of the NER ones that it does not name, and 200 rows each of GAD and "
    "EU-ADR that were relabelled by hand."
)

NOTES = {
    "table2": "The averages that the paper's section 3 quotes (88.60 and 35.93) do not follow from its table.",
    "table3": (
        "The paper's rows for models that were trained on gold are those of its table 8 for BioBERT that was trained "
        "on *synthetic* data (88.96, 78.41), where gold has 88.13 and 83.73. The averages that its section 3 quotes "
        "(84.35 and 78.35) do not follow from its table."
    ),
    "table8": "The paper's abstract gives an average of 83.59 for synthetic data, its table 83.69.",
}
"""Where the paper disagrees with itself; its figures are shown as they are printed."""


def published(target: str, *, dataset: str, source: str, backbone: str) -> dict[str, float] | None:
    """Precision, recall and F1 (`p`, `r`, `f1`) of a cell, without deviations; None where the paper has none."""
    table = _tables()[TANG].get(target)
    cells: Any = (table or {}).get(dataset, {})
    cell = cells.get(source) or (cells.get("sota") if source == "original" else None)
    if cell is None:
        return None
    cell = cell.get(backbone) or cell.get(STANDS_FOR) or cell
    return {name: value[0] if isinstance(value, list) else value for name, value in cell.items()}


def changes(target: str) -> dict[str, float]:
    """What synthetic examples beside gold ones change, by score; percent. Empty where the papers do not say so."""
    if target != "table-asd":
        return {}
    found = _tables()[WOOLSEY]
    return {"precision": float(found["precision_change"]), "recall": float(found["recall_change"])}


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    place = resources.files("clinsynth") / "assets" / "papers" / "tables.yaml"
    content = OmegaConf.to_container(OmegaConf.create(place.read_text(encoding="utf-8")))
    return cast(dict[str, Any], content)
