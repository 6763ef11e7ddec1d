"""What a job's LLM has answered by now: by it a finished run is told from one of earlier answers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from clinsynth import corpora, datasets
from clinsynth.artifacts import digest
from clinsynth.errors import ClinsynthError, MissingCompletions
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import quietly
from clinsynth.tracking import ANSWERS, CORPUS

NONE = ""
"""Of jobs that need no answers, or of which it cannot be said."""

_known: dict[tuple[Path, str], str | None] = {}
"""By the folder of the cache and the settings: many jobs of a grid need the same answers."""


def needed(job: Planned) -> bool:
    return job.stage != "train" or bool(job.settings.source.generated)


def current(job: Planned) -> str | None:
    """Digest of the answers, or of the corpus that they make; None where some are missing."""
    if not needed(job):
        return NONE
    settings = job.run_key if job.stage == "zero_shot" else digest(corpora.settings_key(job.settings))
    key = (Path(job.settings.paths.artifacts).resolve(), settings)
    if key not in _known:
        with quietly():
            _known[key] = _digest(job)
    return _known[key]


def _digest(job: Planned) -> str | None:
    settings = job.settings
    try:
        if job.stage == "zero_shot":
            found: str | None = import_module("clinsynth.stages.zero_shot").answers(settings)
            return found
        return corpora.identity(
            settings,
            gold=datasets.load(
                settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts)
            ),
        )
    except MissingCompletions:
        return None
    except ClinsynthError:  # the job itself says what is wrong
        return NONE


def of_run(tags: dict[str, str], job: Planned) -> str:
    return tags.get(ANSWERS if job.stage == "zero_shot" else CORPUS, NONE) if needed(job) else NONE
