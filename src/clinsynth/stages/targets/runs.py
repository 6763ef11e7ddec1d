"""The jobs of a target with the runs that they have left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.config import SourceName
from clinsynth.reports import cards
from clinsynth.reports.cells import Row, Scored
from clinsynth.reports.paper import published
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import Asked
from clinsynth.tracking import RUN_KEY, Ledger

METRIC = {"analyse": "analysis/synthetic_texts"}
"""Of a stage, what each of its runs has that went to its end; `test/f1` of the others."""


@dataclass(frozen=True)
class Runs:
    """The rows of a target, and the jobs that have no run."""

    rows: tuple[Row, ...]
    by_job: tuple[tuple[Planned, Row], ...]
    """Every job with its row."""
    missing: tuple[Planned, ...]

    def by_dataset(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.dataset, []).append(row)
        return found

    @property
    def scored(self) -> list[Scored]:
        return [run for row in self.rows for run in row.runs]


def gather(asked: Asked) -> Runs:
    """Compose the jobs, and look their runs up."""
    jobs = list(asked.jobs())
    runs = {key: _scored(asked.ledger, run) for key, run in finished(asked.ledger, jobs).items()}
    rows: dict[tuple[str, str, str], Row] = {}
    by_job, seen = [], set()
    for job in jobs:
        key = (job.settings.dataset.name, cards.arm(job.settings), _backbone(job))
        row = rows.setdefault(key, _row(key, job, target=asked.target))
        by_job.append((job, row))
        if job.run_key in seen:  # two experiments share it
            continue
        seen.add(job.run_key)
        row.jobs += 1
        if job.run_key in runs:
            row.runs.append(runs[job.run_key])
    missing = {job.run_key: job for job in jobs if job.run_key not in runs}
    return Runs(tuple(rows.values()), tuple(by_job), tuple(missing.values()))


def finished(ledger: Ledger, jobs: Iterable[Planned]) -> dict[str, Any]:
    """By run key, MLflow's newest finished run of each job that has scores."""
    found = {}
    for key, job in {job.run_key: job for job in jobs}.items():
        metric = METRIC.get(job.stage, "test/f1")
        scored = [run for run in ledger.tagged(RUN_KEY, key) if metric in run.data.metrics]
        if scored:
            found[key] = scored[-1]
    return found


def _scored(ledger: Ledger, run: Any) -> Scored:
    tags = run.data.tags
    commit = tags.get("mlflow.source.git.commit", "")[:7] + ("+" if tags.get("git_dirty") == "true" else "")
    return Scored(run.info.run_id, dict(run.data.metrics), ledger.outcomes(run.info.run_id), commit)


def _row(key: tuple[str, str, str], job: Planned, *, target: str) -> Row:
    dataset, arm, backbone = key
    source = _source(job)
    value = published(target, dataset=dataset, source=source, backbone=backbone) if source else None
    return Row(dataset, job.settings.dataset.task, arm, source, backbone, _facts(job), published=value)


def _backbone(job: Planned) -> str:
    settings = job.settings
    return str(settings.backbone.name if job.stage == "train" else settings.llm.model or settings.llm.name)


def _source(job: Planned) -> str:
    """As the paper has it, or nothing for what it lacks: k-shot, augmented, other labels than those of the unit."""
    if job.stage == "zero_shot":
        return "zero_shot"
    source = job.settings.source
    return source.name.value if source.examples is None and source.name is not SourceName.augmented else ""


def _facts(job: Planned) -> dict[str, Any]:
    settings = job.settings
    if job.stage == "zero_shot":
        return {"source": "zero_shot", "backbone": _backbone(job)}
    source, size = settings.source, settings.size
    facts = {"source": source.name.value, "backbone": settings.backbone.name, "examples": source.examples}
    if source.name is SourceName.original:
        return facts | {"total": source.examples}
    return facts | {
        "annotator": settings.annotator.name,
        "size": size.per_unit or size.total,
        "seed_ratio": settings.seed_ratio.value,
        "total": size.total,
    }


def provenance(asked: Asked, scored: Sequence[Scored]) -> str:
    """What made a document, for its end."""
    scored = list({run.id: run for run in scored}.values())
    commits = ", ".join(sorted({run.commit for run in scored} - {""}))
    minutes = sum(run.metrics.get("time/train_s", 0) for run in scored) / 60
    text = f"Made by `clinsynth report {asked.words}` out of {len(scored)} run{'s' * (len(scored) != 1)}"
    text += f" of the code at {commits}" if commits else ""
    return f"{text}; training took {minutes:.0f} minutes in all.\n"


def side_file(rows: Iterable[Row]) -> str:
    """The runs behind each row."""
    lines = [("dataset", "arm", "backbone", "run")]
    lines += [(row.dataset, row.arm, row.backbone, run.id) for row in rows for run in row.runs]
    return "".join(",".join(line) + "\n" for line in lines)
