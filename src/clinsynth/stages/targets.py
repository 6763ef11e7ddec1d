"""What `report` says of a paper's table or figure: its jobs, their runs, and how to get those that are missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.config import ReportConfig
from clinsynth.reports import cards, documents
from clinsynth.reports.cells import Row, Scored
from clinsynth.reports.paper import published
from clinsynth.stages import grid
from clinsynth.stages.grid import Planned
from clinsynth.tasks.base import config_room
from clinsynth.tracking import RUN_KEY, Ledger


@dataclass(frozen=True)
class Target:
    """A table or figure at a scale: its rows by dataset, and the jobs that have no run."""

    name: str
    scale: str
    rows: dict[str, list[Row]]
    missing: tuple[Planned, ...]


def gather(settings: ReportConfig, *, ledger: Ledger) -> Target:
    """Compose the jobs, and look their runs up."""
    assert settings.target is not None
    jobs = grid.jobs(settings.target, scale=settings.scale)
    runs = {
        key: Scored(run.info.run_id, dict(run.data.metrics), ledger.counts(run.info.run_id))
        for key, run in finished(ledger, [job.run_key for job in jobs]).items()
    }
    rows: dict[tuple[str, str, str], Row] = {}
    seen: set[str] = set()
    for job in jobs:
        if job.run_key in seen:  # two experiments share it
            continue
        seen.add(job.run_key)
        row = rows.setdefault(_row_key(job), _row(job, target=settings.target))
        row.jobs += 1
        if job.run_key in runs:
            row.runs.append(runs[job.run_key])
    by_dataset: dict[str, list[Row]] = {}
    for row in rows.values():
        by_dataset.setdefault(row.dataset, []).append(row)
    missing = {job.run_key: job for job in jobs if job.run_key not in runs}
    return Target(settings.target, settings.scale, by_dataset, tuple(missing.values()))


def finished(ledger: Ledger, keys: Iterable[str]) -> dict[str, Any]:
    """MLflow's newest finished run of each key that has scores."""
    found = {}
    for key in dict.fromkeys(keys):
        scored = [run for run in ledger.tagged(RUN_KEY, key) if "test/f1" in run.data.metrics]
        if scored:
            found[key] = scored[-1]
    return found


def _row_key(job: Planned) -> tuple[str, str, str]:
    return (job.settings.dataset.name, cards.arm(job.settings), _backbone(job))


def _row(job: Planned, *, target: str) -> Row:
    dataset, arm, backbone = _row_key(job)
    source = _source(job)
    value = published(target, dataset=dataset, source=source, backbone=backbone) if source else None
    return Row(dataset, job.settings.dataset.task, arm, source, backbone, published=value)


def _backbone(job: Planned) -> str:
    settings = job.settings
    return str(settings.backbone.name if job.stage == "train" else settings.llm.model or settings.llm.name)


def _source(job: Planned) -> str:
    """As the paper has it, or nothing for what it lacks."""
    if job.stage == "zero_shot":
        return "zero_shot"
    source = job.settings.source
    return source.name.value if source.examples is None and source.name.value != "augmented" else ""


def write(target: Target, *, folder: Path) -> list[Path]:
    """`<target>.md`, `.csv`, `.tex`, and the runs behind each row as `<target>.runs.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = [f"# {target.name}, scale `{target.scale}`\n"]
    parts: dict[str, list[str]] = {"csv": [], "tex": []}
    for dataset, rows in target.rows.items():
        columns = list(_columns(target, dataset).items())
        has_published = any(row.published for row in rows)
        heads = documents.headings(columns=[name for name, _ in columns], published=has_published)
        lines = documents.grid(rows, columns=columns, published=has_published)
        text += [f"## {dataset}\n", documents.markdown(heads, lines)]
        parts["csv"].append(f"{dataset}\n" + documents.comma_separated(heads, lines))
        caption = f"{target.name}: {dataset} (scale {target.scale})"
        parts["tex"].append(documents.latex(heads, lines, caption=caption))
    text.append(_missing(target))
    contents = {"md": "\n".join(text), "runs.csv": _runs(target)} | {
        ending: "\n".join(found) for ending, found in parts.items()
    }
    places = []
    for ending, content in contents.items():
        places.append(folder / f"{target.name}.{ending}")
        places[-1].write_text(content, encoding="utf-8")
    return places


def _columns(target: Target, dataset: str) -> Mapping[str, str]:
    """Metrics of the task that some row has."""
    rows = target.rows[dataset]
    found = config_room(rows[0].task).COLUMNS
    return {name: metric for name, metric in found.items() if any(row.values(metric) for row in rows)}


def _runs(target: Target) -> str:
    rows = [("dataset", "arm", "backbone", "run")]
    rows += [
        (row.dataset, row.arm, row.backbone, run.id)
        for found in target.rows.values()
        for row in found
        for run in row.runs
    ]
    return "".join(",".join(row) + "\n" for row in rows)


def _missing(target: Target) -> str:
    if not target.missing:
        return ""
    lines = [f"## {len(target.missing)} missing jobs\n", "Each is filled by its command; where completions are not"]
    lines += ["recorded, `clinsynth generate` with a live LLM comes first, and `llm=` has to be given here too.\n"]
    return "\n".join([*lines, *(f"    {shlex.join(job.command)}" for job in target.missing), ""])
