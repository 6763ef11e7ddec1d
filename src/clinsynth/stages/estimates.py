"""How long the jobs of a sweep will take, said before they start."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from clinsynth import datasets
from clinsynth.config import SourceName, TrainConfig
from clinsynth.corpora.plans import plan
from clinsynth.errors import ClinsynthError
from clinsynth.llm import open_llm
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets.asked import quietly
from clinsynth.tasks.base import synthesis_room
from clinsynth.tracking import Ledger
from clinsynth.training import fit

START = 12.0
"""Seconds beside training: a corpus to be built, a test set to be predicted, a run to be logged."""

MINILM = 15.0
"""Texts a second that the embedded encoder learns from, on each core of a CPU (measured on two)."""

LATEST = 20
"""Runs of a backbone that tell its speed."""


class Estimate:
    """Of jobs that will run on this machine."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._units: dict[tuple[object, ...], int] = {}
        self._speeds: dict[str, float | None] = {}

    def minutes(self, jobs: Sequence[Planned], *, side_by_side: int) -> float | None:
        """For all of them; None where nothing is known of the speed of a backbone."""
        total = len(jobs) * START / side_by_side
        for job in jobs:
            texts = self._passes(job.settings) if job.stage == "train" else 0.0
            if texts:
                speed = self._speed(job.settings.backbone.name)
                if speed is None:
                    return None
                total += texts / speed
        return total / 60

    def _speed(self, backbone: str) -> float | None:
        """Texts a second on the whole machine, by the runs that there are; jobs side by side share it."""
        if backbone not in self._speeds:
            runs = self.ledger.with_param("backbone", backbone)[-LATEST:]
            found = [run.data.metrics["train/texts_a_second"] for run in runs if _measured(run.data.metrics)]
            usual = MINILM * (os.cpu_count() or 1) if backbone == "minilm" else None
            self._speeds[backbone] = statistics.median(found) if found else usual
        return self._speeds[backbone]

    def _passes(self, settings: TrainConfig) -> float:
        """Texts that training sees, each as often as there are epochs; 0 for a job that cannot run."""
        try:
            examples = self._examples(settings)
        except ClinsynthError:
            return 0.0
        length = fit.plan(max(1, examples), batch_size=settings.backbone.batch_size, trainer=settings.trainer)
        return float(examples * length.epochs)

    def _examples(self, settings: TrainConfig) -> int:
        """Of the arm, as far as it can be known before its corpus is built."""
        gold = datasets.load(settings.dataset, data=Path(settings.paths.data))
        original = settings.source.examples or len(gold.train)
        if settings.source.name is SourceName.original:
            return original
        written = settings.size.total
        if written is None:
            key = (settings.dataset.name, settings.units.max, settings.seed_ratio.value, settings.llm.name)
            if key not in self._units:
                self._units[key] = _units(settings)
            written = self._units[key] * (settings.size.per_unit or 0)
        return written + (original if settings.source.name is SourceName.augmented else 0)


def _measured(metrics: dict[str, float]) -> bool:
    return metrics.get("train/texts_a_second", 0) > 0


def _units(settings: TrainConfig) -> int:
    """How many are asked about, or recorded."""
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data))
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    with quietly():
        return len(plan(settings, gold=gold, llm=llm, room=synthesis_room(settings.dataset.task)).units)
