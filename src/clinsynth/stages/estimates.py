"""How long the jobs of a sweep will take, said before they start."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence

from clinsynth import corpora, keys, tasks
from clinsynth.config import Material, SourceName, TrainConfig
from clinsynth.errors import ClinsynthError
from clinsynth.learning import open_learner
from clinsynth.stages import asking, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import quietly
from clinsynth.tracking import Ledger
from clinsynth.types import Gold

SPEED = "time/texts_a_second"
"""Metric of a run."""

START = 8.0
"""Seconds beside training: a corpus to be built, a test set to be predicted, a run to be logged."""

MINILM = 33.0
"""Texts a second that a job learns from with the embedded encoder on a CPU; more cores help it little (measured)."""

LATEST = 20
"""Runs of a backbone that tell its speed."""


class Estimate:
    """Tells how long jobs will run on this machine."""

    def __init__(self, ledger: Ledger, *, measured: bool = False) -> None:
        """With `measured` by earlier runs alone, and not by what is usual."""
        self.ledger, self.measured = ledger, measured
        self._units: dict[str, int] = {}
        self._speeds: dict[str, float | None] = {}

    def minutes(self, jobs: Sequence[Planned], *, side_by_side: int) -> float | None:
        """Return how long all of them take; `None` where nothing is known of the speed of a backbone."""
        minutes, unknown = self.known_minutes(jobs, side_by_side=side_by_side)
        return None if unknown else minutes

    def known_minutes(self, jobs: Sequence[Planned], *, side_by_side: int) -> tuple[float, list[Planned]]:
        """Return how long those take of whose backbone's speed something is known, and the others."""
        seconds = [self._seconds(job) for job in jobs]
        unknown = [job for job, known in zip(jobs, seconds, strict=True) if known is None]
        return sum(filter(None, seconds)) / min(side_by_side, os.cpu_count() or 1) / 60, unknown

    def _seconds(self, job: Planned) -> float | None:
        """Return 0 for a job that cannot run, such as for want of completions."""
        if job.stage != "train":
            return START
        try:
            examples = self._examples(job.settings)
        except ClinsynthError:
            return 0.0
        settings, speed = job.settings, self._speed(job.settings.backbone.name)
        learner = open_learner(tasks.kind(settings.dataset.task).learner)
        passes = learner.passes(max(1, examples), backbone=settings.backbone, trainer=settings.trainer)
        return None if speed is None else START + examples * passes / speed

    def _speed(self, backbone: str) -> float | None:
        """Return the texts a second of one job, by the runs that there are."""
        if backbone not in self._speeds:
            runs = self.ledger.with_param("backbone", backbone)[-LATEST:]
            found = [run.data.metrics.get(SPEED, 0) for run in runs]
            usual = MINILM if backbone == "minilm" and not self.measured else None
            self._speeds[backbone] = statistics.median(filter(None, found)) if any(found) else usual
        return self._speeds[backbone]

    def _examples(self, settings: TrainConfig) -> int:
        """Return how many the job trains on, as far as that can be known before its corpus is built."""
        gold = resolving.load_gold(settings.dataset, paths=settings.paths)
        original = settings.source.examples or len(gold.trainable)
        if settings.source.name is SourceName.original:
            return original
        units = self._units_of(settings, gold=gold)
        each = settings.size.per_unit or (settings.generation.per_request if settings.material is Material.texts else 0)
        written = settings.size.total or units * (each or 0)
        written = round(written / (1 - settings.units.negatives))
        return written + (original if settings.source.name is SourceName.augmented else 0)

    def _units_of(self, settings: TrainConfig, *, gold: Gold) -> int:
        """Return how many units are asked about, negatives apart; raises MissingCompletions where none is recorded."""
        recipe = resolving.opened(settings, gold=gold).recipe
        name = keys.units_of(settings, version=recipe.version)
        if name not in self._units:
            with quietly():
                planned = corpora.plan_requests(recipe, completions=asking.completions_of(settings))
            self._units[name] = len(planned.units) - (1 if planned.chosen.beside else 0)
        return self._units[name]
