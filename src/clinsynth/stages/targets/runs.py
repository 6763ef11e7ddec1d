"""The jobs of a target with the runs that they have left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth import tasks
from clinsynth.config import SourceName
from clinsynth.papers.published import published_scores
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.reports.tables import csv_text
from clinsynth.stages import grid, naming
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import answers
from clinsynth.stages.targets.asked import Asked
from clinsynth.task import Headline
from clinsynth.tracking import CORPUS, RUN_KEY, Ledger

METRIC = {"analyse": "analysis/synthetic_texts"}
"""The metric that each run of a stage has that went to its end; of other stages it is the task's headline."""


@dataclass(frozen=True)
class Runs:
    """The arms of a target, and the jobs that have no run."""

    arms: tuple[Arm, ...]
    by_job: tuple[tuple[Planned, Arm], ...]
    """Every job with its arm."""
    missing: tuple[Planned, ...]

    @property
    def scored(self) -> list[ScoredRun]:
        """Return the runs of all arms."""
        return [run for arm in self.arms for run in arm.runs]


def gather(asked: Asked) -> Runs:
    """Compose the jobs, and look their runs up."""
    jobs = list(asked.jobs())
    runs = {each: _scored(asked.ledger, run) for each, run in finished(asked.ledger, jobs).items()}
    arms: dict[tuple[str, str, str], Arm] = {}
    by_job, seen = [], set()
    told = _told_apart(jobs, overrides=asked.overrides)
    for job in jobs:
        name = " ".join([naming.arm_name(job.settings), *(word for word in job.overrides if _name(word) in told)])
        arm = arms.setdefault((_test_set(job), name, _backbone(job)), _arm(name, job))
        by_job.append((job, arm))
        each = answers.identity(job)
        if each in seen:  # two experiments share it
            continue
        seen.add(each)
        arm.jobs += 1
        if each in runs:
            arm.runs.append(runs[each])
    _publish(arms.values(), target=asked.target)
    missing = {each: job for job in jobs if (each := answers.identity(job)) not in runs}
    return Runs(tuple(arms.values()), tuple(by_job), tuple(missing.values()))


def finished(ledger: Ledger, jobs: Iterable[Planned], *, elsewhere: bool = True) -> dict[tuple[str, ...], Any]:
    """Return by a job's identity MLflow's newest finished run of it that has scores, on the answers of now.

    Where there is none, `elsewhere` takes one of a machine that computes in another precision, if that is left open.
    """
    found, told = {}, {answers.identity(job): job for job in jobs}
    times = Counter(job.run_key for job in told.values())
    for each, job in told.items():
        scored = _with_scores(ledger, job, elsewhere=elsewhere)
        now = answers.current(job) if scored else None
        if now or times[job.run_key] > 1:  # of what has been answered since, or by another LLM, there is no run yet
            scored = [run for run in scored if answers.of_run(run.data.tags, job) == now]
        if scored:
            found[each] = scored[-1]
    return found


def _with_scores(ledger: Ledger, job: Planned, *, elsewhere: bool) -> list[Any]:
    metric = METRIC.get(job.stage) or _headline(job).metric
    for key in _keys(job, elsewhere=elsewhere):
        if found := [run for run in ledger.tagged(RUN_KEY, key) if metric in run.data.metrics]:
            return found
    return []


def _keys(job: Planned, *, elsewhere: bool) -> Iterator[str]:
    yield job.run_key
    if elsewhere:
        yield from grid.elsewhere(job)


def _scored(ledger: Ledger, run: Any) -> ScoredRun:
    tags = run.data.tags
    commit = tags.get("mlflow.source.git.commit", "")[:7] + ("+" if tags.get("git_dirty") == "true" else "")
    outcomes, corpus = ledger.outcomes(run.info.run_id), tags.get(CORPUS, "")
    return ScoredRun(run.info.run_id, dict(run.data.metrics), outcomes, commit, corpus)


def _arm(name: str, job: Planned) -> Arm:
    dataset = job.settings.dataset
    return Arm(name, _test_set(job), dataset.task, _source(job), _backbone(job), _facts(job), headline=_headline(job))


def _test_set(job: Planned) -> str:
    dataset = job.settings.dataset
    return naming.test_set(dataset.name, test=dataset.test.value)


def _headline(job: Planned) -> Headline:
    return tasks.kind(job.settings.dataset.task).judge.HEADLINE


def _name(word: str) -> str:
    return word.partition("=")[0]


def _told_apart(jobs: Sequence[Planned], *, overrides: Sequence[str]) -> set[str]:
    """Return axes of the user's own that an arm's name does not tell: a learning rate, a fold, an LLM."""
    values: dict[str, set[str]] = {}
    for word in (word for job in jobs for word in job.overrides):
        values.setdefault(_name(word), set()).add(word)
    return {name for name in map(_name, overrides) if len(values.get(name, ())) > 1} - naming.IN_NAMES


def _publish(arms: Iterable[Arm], *, target: str) -> None:
    """Put the paper's values into the largest of the arms that it has."""
    groups: dict[tuple[str, str, str], list[Arm]] = {}
    for arm in arms:
        if arm.source:
            groups.setdefault((arm.dataset, arm.source, arm.backbone), []).append(arm)
    for (_, source, backbone), found in groups.items():
        largest = max(found, key=lambda arm: float(arm.facts.get("size") or 0))
        largest.published = published_scores(target, dataset=largest.gold, source=source, backbone=backbone)


def _backbone(job: Planned) -> str:
    settings = job.settings
    return str(settings.backbone.name if job.stage == "train" else settings.llm.model or settings.llm.name)


def _source(job: Planned) -> str:
    """Return the source as the paper has it; empty for k-shot, augmented, other labels, a part of the units."""
    if job.stage == "zero_shot":
        return "zero_shot"
    settings, source = job.settings, job.settings.source
    if source.name is SourceName.original:
        return "original" if source.examples is None else ""
    theirs = settings.annotator.name in ("seed", "none") and settings.seed_ratio.value == 1 and not source.corpora
    return "synthetic" if theirs and source.name is SourceName.synthetic else ""


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


def provenance(asked: Asked, scored: Sequence[ScoredRun]) -> str:
    """Return what made a report, for its end."""
    scored = list({run.id: run for run in scored}.values())
    commits = ", ".join(sorted({run.commit for run in scored} - {""}))
    minutes = sum(run.metrics.get("time/train_s", 0) for run in scored) / 60
    text = f"Made by `clinsynth report {asked.words}` out of {len(scored)} run{'s' * (len(scored) != 1)}"
    text += f" of the code at {commits}" if commits else ""
    return f"{text}; training took {minutes:.0f} minutes in all.\n"


def side_file(arms: Iterable[Arm]) -> str:
    """Return the runs behind each arm as CSV."""
    heads = ["dataset", "arm", "backbone", "run"]
    rows = [(arm.dataset, arm.name, arm.backbone, run.id) for arm in arms for run in arm.runs]
    return csv_text([dict(zip(heads, row, strict=True)) for row in rows], heads=heads)
