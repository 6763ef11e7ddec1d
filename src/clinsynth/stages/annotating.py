"""Trained models as annotators and as judges of labels: which ones, and by what they are known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from clinsynth import corpora, keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import AnnotatorConfig, CorpusConfig, TrainConfig
from clinsynth.config.corpus import KEEP, MODEL
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware, open_learner, saved
from clinsynth.learning.folds import SEED, out_of_fold
from clinsynth.learning.learner import Opening, Student
from clinsynth.learning.sets import TrainingSet
from clinsynth.models import opened
from clinsynth.reports.counts import show_corpus_counts
from clinsynth.stages import models, suiting
from clinsynth.task import Alike, Task
from clinsynth.tracking import Ledger
from clinsynth.types import Gold


def with_models(settings: CorpusConfig) -> AnnotatorConfig:
    """Return the annotator with the models that label as folders, and their digests."""
    annotator = settings.annotator
    if annotator.name != MODEL:
        return annotator
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    found = {saved.folder_digest(folder): str(folder) for folder in _located(annotator.models, ledger=ledger)}
    return replace(annotator, model=[found[digest] for digest in sorted(found)], weights=sorted(found))


def _located(names: Sequence[str], *, ledger: Ledger) -> list[Path]:
    try:
        return [models.locate(name, ledger=ledger) for name in names]
    except ConfigError as error:
        raise ConfigError(f"annotator.model: {error}") from error


def labelled(base: Corpus, *, settings: CorpusConfig, task: Task, gold: Gold, store: ArtifactStore) -> Corpus:
    """Return the corpus with the labels of the models of its annotator."""

    def read() -> Any:
        return lambda examples: probabilities(settings.annotator.models, examples, task=task)

    return corpora.labelled_corpus(
        base,
        threshold=settings.annotator.threshold,
        alike=Alike(settings.annotator.alike),
        version=corpora.version_of(task),
        task=task,
        gold=gold,
        store=store,
        open=read,
    )


def probabilities(folders: Sequence[str], examples: Sequence[Any], *, task: Task) -> list[Any]:
    """Return the mean of what the models say of each example's labels."""
    each = [_of_model(Path(folder), examples, task=task) for folder in folders]
    return [np.mean(together, axis=0) for together in zip(*each, strict=True)]


def _of_model(folder: Path, examples: Sequence[Any], *, task: Task) -> list[Any]:
    suiting.check_model(folder, named="annotator.model", task=task)
    device = hardware.device("auto")
    how = Opening(workers=hardware.readers(None, device=device), device=device)
    with closing(opened(folder, how=how)) as model:
        return model.probabilities(examples)


def cleaned(base: Corpus, *, settings: TrainConfig, task: Task, gold: Gold, store: ArtifactStore) -> Corpus:
    """Return the corpus after a search for label errors, where one is wanted."""
    quality, backbone = settings.quality, settings.backbone
    if quality.label_errors == KEEP:
        return base
    learner, trainer = open_learner(task.kind.learner), settings.trainer.reading_plainly()

    def student(arm: TrainingSet) -> Student:
        return learner.student(task, arm=arm, backbone=backbone, trainer=trainer, seed=SEED)

    found = corpora.cleaned_corpus(
        base,
        quality=quality,
        learner=_learner(settings, task=task),
        version=corpora.version_of(task),
        task=task,
        gold=gold,
        store=store,
        judges=lambda examples: out_of_fold(examples, folds=quality.folds, student=student),
    )
    show_corpus_counts(found)
    return found


def _learner(settings: TrainConfig, *, task: Task) -> list[Any]:
    learner, trainer, backbone = open_learner(task.kind.learner), settings.trainer.reading_plainly(), settings.backbone
    return keys.how_it_learns(
        backbone,
        trainer=trainer,
        weights=learner.identity(backbone),
        model=learner.version(task, backbone=backbone),
        precision=hardware.precision(trainer),
    )


def final_digest(base: str, *, settings: CorpusConfig, task: Task) -> str:
    """Return the whole digest of what `labelled` and `cleaned` make of the corpus with the whole digest `base`."""
    if settings.annotator.name == MODEL:
        base = keys.digest(keys.labelled_content(base))
    if not isinstance(settings, TrainConfig) or settings.quality.label_errors == KEEP:
        return base
    learner = _learner(settings, task=task)
    return keys.digest(keys.cleaned_content(base, quality=settings.quality, learner=learner))
