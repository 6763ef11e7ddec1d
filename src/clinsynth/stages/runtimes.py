"""A trained model for another runtime, measured before and after on what its run knows of gold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from clinsynth import config, corpora, tasks
from clinsynth.config import ExportConfig, SourceName, TrainConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, saved
from clinsynth.learning.learner import KEPT
from clinsynth.learning.sets import taken, training_set
from clinsynth.models import opened
from clinsynth.publishing.model_card import Runtime
from clinsynth.stages import resolving
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
    text = ledger.artifact(run_id, "config.yaml") if run_id else None
    if run_id is None or text is None:
        return Conversion(settings, folder, None)
    return Conversion(settings, folder, _known(_trained_with(text), settings=settings, run_id=run_id, ledger=ledger))


def _trained_with(text: str) -> TrainConfig:
    """Return the settings of a run, of which it keeps the text."""
    content: Any = OmegaConf.create(text)
    schema: Any = OmegaConf.structured(TrainConfig)
    schema.dataset = OmegaConf.structured(tasks.schemas()[content.dataset.task])
    whole: Any = OmegaConf.merge(schema, content)
    found: TrainConfig = config.typed(whole, TrainConfig)
    return found


def _known(trained: TrainConfig, *, settings: ExportConfig, run_id: str, ledger: Ledger) -> Known:
    gold = resolving.load_gold(trained.dataset, paths=settings.paths)
    resolved = resolving.resolve(trained, gold=gold)
    source = resolved.settings.source
    synthetic: Sequence[Any] = ()
    summary = ledger.summary(run_id)
    if source.name is not SourceName.original and summary and summary.corpus:
        corpus = corpora.load_corpus(corpora.find_corpus(summary.corpus, store=ledger.store))
        synthetic = taken(corpus.examples, corpus.units, source=source, total=resolved.settings.size.total)
    arm = training_set(
        gold,
        synthetic=synthetic,
        source=source,
        holdout=resolved.settings.trainer.holdout or 0.0,
        devel=resolved.settings.trainer.devel,
        seed=trained.seed,
    )
    if settings.score == "test":
        return Known(resolved.task, arm.train, gold.test, TEST)
    return Known(resolved.task, arm.train, gold.devel or arm.devel, DEVEL if gold.devel else HELD_OUT)
