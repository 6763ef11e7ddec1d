"""The figures of the papers, transcribed from their tables, in percent: `assets/papers/tables.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from omegaconf import OmegaConf

from clinsynth.reports.arms import Arm
from clinsynth.reports.console import ABSENT
from clinsynth.reports.tables import ReportTable, plain_cells

TANG, WOOLSEY, XU = "tang2023", "woolsey2024", "xu2023"
NOT_STATED = "not stated"
BACKBONES = ("bert", "roberta", "biobert")
STANDS_FOR = "biobert"
"""The backbone of the paper that is shown beside a backbone that it has not: its best."""

SENTENCES = 30
"""Sentences per entity behind the synthetic rows of table 7."""

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
    "baize": (
        "Xu et al. 2023 score their models on general questions alone; of medical ones they show examples. What is "
        "said to be theirs comes from a summary of arXiv 2304.01196v4 and from the README of their code, not from the "
        "paper itself. `clinsynth distill` gives the judge's mean and the wins of a model that has had feedback."
    ),
    "table8": "The paper's abstract gives an average of 83.59 for synthetic data, its table 83.69.",
}
"""Places where the paper disagrees with itself; its figures are shown as they are printed."""


def published_scores(target: str, *, dataset: str, source: str, backbone: str) -> dict[str, float] | None:
    """Return precision, recall and F1 (`p`, `r`, `f1`) of a cell; `None` where the paper has none."""
    cells = paper_data("tables")[TANG].get(target, {}).get(dataset, {})
    cell = cells.get(source) or (cells.get("sota") if source == "original" else None)
    if cell is None:
        return None
    cell = cell.get(backbone) or cell.get(STANDS_FOR) or cell
    return {name: value[0] if isinstance(value, list) else value for name, value in cell.items()}


def published_heading(arms: Sequence[Arm]) -> str:
    """Return the heading of the paper's scores, if any, with its backbone where ours is another one."""
    theirs = [arm for arm in arms if arm.published]
    others = {arm.backbone for arm in theirs if arm.source != "zero_shot"} - set(BACKBONES)
    return f"paper {arms[0].headline.name}{f' ({STANDS_FOR})' if others else ''}" if theirs else ""


def published_changes(target: str) -> dict[str, float]:
    """Return what synthetic examples beside gold ones change, by score; empty where the papers do not say so."""
    if target != "table-asd":
        return {}
    found = paper_data("tables")[WOOLSEY]
    return {"precision": float(found["precision_change"]), "recall": float(found["recall_change"])}


def published_figures(target: str, arms: Sequence[Arm]) -> ReportTable | None:
    """Return single figures of a paper, with ours where we have the same; `None` for papers that have tables."""
    rows = paper_data("tables")[XU].get(target)
    if not rows:
        return None
    ours = next((arm for arm in arms if arm.source == "synthetic" and arm.runs), None)
    lines = [
        plain_cells(row["figure"], row.get("paper", NOT_STATED), row.get("where", ABSENT), _ours(ours, row))
        for row in rows
    ]
    head = f"ours ({ours.name})" if ours else "ours"
    return ReportTable(f"{target}: what the paper states", ["figure", "paper", "where", head], lines, kind="figures")


def _ours(arm: Arm | None, row: Mapping[str, str]) -> str:
    mean = arm.mean(row["metric"]) if arm and "metric" in row else None
    if arm is None or mean is None:
        return ABSENT
    metric = row["metric"]
    share = metric.startswith("test/") and metric not in arm.headline.plain
    return f"{100 * mean:.1f}" if share else f"{mean:,.1f}".removesuffix(".0")


@cache
def paper_data(name: str) -> dict[str, Any]:
    """Return a YAML file of the papers' figures or claims."""
    place = resources.files("clinsynth") / "assets" / "papers" / f"{name}.yaml"
    found = OmegaConf.to_container(OmegaConf.create(place.read_text(encoding="utf-8")))
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}
