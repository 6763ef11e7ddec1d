"""A trained model for another runtime, measured before and after on what its run knows of gold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clinsynth import tasks
from clinsynth.config import ExportConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, saved
from clinsynth.learning.learner import KEPT
from clinsynth.models import opened
from clinsynth.publishing.model_card import Runtime
from clinsynth.stages.learnt import Learnt, learnt
from clinsynth.task import Task
from clinsynth.tracking import Ledger

DEVEL, HELD_OUT, TEST = "gold devel", "held out of the training data", "gold test"


@dataclass(frozen=True)
class Known:
    """What the run that trained a model knows: its task, what it has learnt from, and what it is measured on."""

    task: Task
    train: Sequence[Any]
    measured: Sequence[Any]
    """Empty where nothing was held out."""
    on: str
    """What the measured examples are."""


@dataclass(frozen=True)
class Conversion:
    """A model on its way to another runtime."""

    settings: ExportConfig
    folder: Path
    known: Known | None
    """`None` where the run that trained the model is not known here."""

    def write(self, to: Path) -> Runtime:
        """Fill a folder with the converted model, and return what its card says."""
        settings, known = self.settings, self.known
        if settings.precision == "int8":
            self._check_measured()
        learner = open_learner(saved.describe_model(self.folder).learner)
        way = learner.export(
            self.folder,
            to,
            kinds=tasks.kinds(),
            format=settings.format,
            precision=settings.precision,
            examples=known.train if known else (),
            share=lambda made: self._score(made) / max(self._before, 1e-9),
        )
        if known is None or not known.measured:
            print("F1 is not measured: nothing here says on what it could be.")
            return Runtime(settings.format, settings.precision, way)
        after = self._score(to)
        print(f"F1 on {known.on} ({len(known.measured)} texts): {self._before:.4f} before, {after:.4f} after")
        found = Runtime(settings.format, settings.precision, way, known.on, self._before, after)
        if found.share < KEPT:
            print(f"Only {found.share:.1%} of it is kept; int8 should keep {KEPT:.1%}: precision=fp32 keeps all of it.")
        return found

    def _check_measured(self) -> None:
        """Raise ConfigError where int8 could not be measured."""
        if self.known is None:
            raise ConfigError(
                f"precision=int8: nothing here knows the run that trained model={self.settings.model}, and so not on "
                "which texts int8 is calibrated and measured. Export it where it was trained, or with precision=fp32."
            )
        if not self.known.measured:
            raise ConfigError(
                "precision=int8 is measured on what no training has seen, and of this model nothing was held out: "
                "score=test measures it on gold test."
            )

    @cached_property
    def _before(self) -> float:
        return self._score(self.folder)

    def _score(self, folder: Path) -> float:
        """Return the task's one number of a model, on the examples that it is measured on."""
        assert self.known is not None
        with closing(opened(folder)) as model:
            found = model.predict(self.known.measured)
        return self.known.task.kind.judge.devel_score(found.gold, predicted=found.predicted)


def conversion(settings: ExportConfig, *, folder: Path, run_id: str | None, ledger: Ledger) -> Conversion:
    """Return how a model is converted, with what its run knows."""
    found = learnt(run_id, paths=settings.paths, ledger=ledger) if run_id else None
    return Conversion(settings, folder, _known(found, score=settings.score) if found else None)


def _known(found: Learnt, *, score: str | None) -> Known:
    gold, arm = found.gold, found.arm
    if score == "test":
        return Known(found.task, arm.train, gold.test, TEST)
    return Known(found.task, arm.train, gold.devel or arm.devel, DEVEL if gold.devel else HELD_OUT)
