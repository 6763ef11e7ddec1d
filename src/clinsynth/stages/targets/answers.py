"""The answers that a job's LLM has given by now: by them a finished run is told from one of earlier answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinsynth import corpora, keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config.corpus import KEEP
from clinsynth.errors import ClinsynthError, MissingCompletions
from clinsynth.keys import digest
from clinsynth.stages import annotating, asking, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import quietly
from clinsynth.tracking import ANSWERS, CORPUS

NONE = ""
"""The digest of jobs that need no answers, or of which it cannot be said."""

_known: dict[tuple[Any, ...], str | None] = {}
"""Digests by the folder of the cache, recordings and settings: many jobs of a grid need the same answers."""


def identity(job: Planned) -> tuple[str, ...]:
    """Return what tells a job from others: its run key, and where its answers are recorded, which no key says."""
    return (job.run_key, *(_recordings(job) if needed(job) else ()))


def _recordings(job: Planned) -> list[str]:
    return list(job.settings.llm.recordings or job.settings.dataset.recordings)


def needed(job: Planned) -> bool:
    """Say whether a job needs answers."""
    return job.stage != "train" or bool(job.settings.source.generated)


def current(job: Planned) -> str | None:
    """Return the digest of the answers, or of the corpus that they make; `None` where some are missing."""
    if not needed(job):
        return NONE
    cleaned = job.stage == "train" and job.settings.quality.label_errors != KEEP
    settings = job.run_key if job.stage == "zero_shot" or cleaned else _settings(job)
    key = (Path(job.settings.paths.artifacts).resolve(), *_recordings(job), settings)
    if key not in _known:
        with quietly():
            _known[key] = _digest(job)
    return _known[key]


def _settings(job: Planned) -> str:
    version = tasks.open(job.settings.dataset).writer.version
    return digest(keys.corpus_settings(job.settings, version=version))


def _digest(job: Planned) -> str | None:
    settings = job.settings
    try:
        if job.stage == "zero_shot":
            from clinsynth.stages import zero_shot  # takes seconds

            return zero_shot.answers(settings)
        gold = resolving.load_gold(settings.dataset, paths=settings.paths)
        resolved = resolving.opened(settings, gold=gold)
        whole = corpora.whole_digest(
            resolved.recipe,
            completions=asking.completions_of(settings),
            store=ArtifactStore(Path(settings.paths.artifacts)),
        )
        return annotating.final_digest(whole, settings=settings, task=resolved.task)[:12]
    except MissingCompletions:
        return None
    except ClinsynthError:  # the job itself says what is wrong
        return NONE


def of_run(tags: dict[str, str], job: Planned) -> str:
    """Return the same digest as a run has it."""
    return tags.get(ANSWERS if job.stage == "zero_shot" else CORPUS, NONE) if needed(job) else NONE
