"""What the jobs of a sweep will take: hours of a device, answers of an LLM, room on the disk."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from clinsynth import corpora
from clinsynth.asking import sessions
from clinsynth.corpora import Generation
from clinsynth.llm import RECORDED
from clinsynth.llm.budget import Spend
from clinsynth.reports.spending import Sizing
from clinsynth.stages import asking, resolving
from clinsynth.stages.estimates import LATEST, Estimate
from clinsynth.stages.grid import Planned
from clinsynth.stages.pruning import megabytes
from clinsynth.stages.targets import gaps
from clinsynth.stages.targets.asked import quietly
from clinsynth.tracking import Ledger


def size(jobs: Sequence[Planned], *, lack: Sequence[Planned], ledger: Ledger) -> Sizing:
    """Return what jobs will take, of which `lack` have no answers yet; what no earlier run tells is `None`."""
    minutes = Estimate(ledger, measured=True).minutes(jobs, side_by_side=1)
    asked = None if any(job.settings.llm.name == RECORDED for job in lack) else list(_asked(lack))
    each = _megabytes(jobs, ledger=ledger)
    return Sizing(len(jobs), minutes and minutes / 60, asked, each and each * len(jobs))


def _asked(lack: Sequence[Planned]) -> Iterator[Spend]:
    """Yield what each LLM's answers will take; jobs share those of the largest of them."""
    for job in gaps.largest(lack):
        with quietly():
            yield _of_test_set(job) if job.stage == "zero_shot" else _of_corpus(job)


def _of_corpus(job: Planned) -> Spend:
    settings = job.settings
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    recipe = resolving.opened(settings, gold=gold).recipe
    plan = corpora.plan_requests(recipe, completions=asking.completions_of(settings))
    generation, artifacts = Generation(recipe, plan), Path(settings.paths.artifacts)
    requests = corpora.asked_ahead(generation, completions=asking.completions_of(settings))
    return sessions.estimate(settings.llm, requests, artifacts=artifacts, labelled=generation.further)


def _of_test_set(job: Planned) -> Spend:
    from clinsynth.stages import zero_shot  # takes seconds

    settings = job.settings
    return sessions.estimate(settings.llm, zero_shot.requests(settings), artifacts=Path(settings.paths.artifacts))


def _megabytes(jobs: Sequence[Planned], *, ledger: Ledger) -> float | None:
    """Return what a run leaves in MLflow's folder, by the latest of the same stages and backbones."""
    found: list[float] = []
    for backbone in {job.settings.backbone.name for job in jobs if job.stage == "train"}:
        places = [_folder(run.info.artifact_uri) for run in ledger.with_param("backbone", backbone)[-LATEST:]]
        found += [megabytes(place) for place in places if place is not None and place.is_dir()]
    return statistics.median(found) if found else None


def _folder(uri: str | None) -> Path | None:
    """Return the folder of an address of this machine."""
    parsed = urlparse(uri or "")
    return Path(unquote(parsed.path)) if parsed.scheme in ("", "file") and parsed.path else None
