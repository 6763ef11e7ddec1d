"""What a training works on: its settings resolved, gold, corpus and arm, and the keys by which its run is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from clinsynth import corpora, keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import SourceName, TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware, open_learner
from clinsynth.learning.sets import TrainingSet
from clinsynth.reports.counts import show_corpus_counts, show_splits, show_withheld
from clinsynth.stages import Job, annotating, arms, replay, resolving
from clinsynth.stages.resolving import Resolved, changed
from clinsynth.task import Task
from clinsynth.types import Gold


@dataclass(frozen=True)
class Material:
    """The material of a job, once its settings are resolved."""

    settings: TrainConfig
    job: Job
    task: Task
    gold: Gold
    corpus: Corpus | None
    """`None` where the model trains on gold alone."""
    arm: TrainingSet
    run_key: str
    arm_key: str
    """The run key of the first seed, which the runs of all seeds have in common."""
    weights_key: str
    """The run key of what learns the same weights, and reads plainly."""

    @property
    def log_text(self) -> bool:
        """Say whether texts may stand in MLflow."""
        return self.settings.tracking.may_hold_text(public=self.settings.dataset.public)

    @property
    def corpus_digest(self) -> str | None:
        """Return the digest of the corpus, if there is one."""
        return self.corpus.digest if self.corpus else None


def gather(settings: TrainConfig, *, job: Job, store: ArtifactStore) -> Material:
    """Return the material of a job, and tell its counts; its corpus is made anew where it is not there."""
    resolved = resolving.load_and_resolve(settings)
    task, gold = resolved.task, resolved.gold
    describe = task.kind.examples.describe
    counts = {"train": describe(gold.trainable), "devel": describe(gold.devel), "test": describe(gold.test)}
    show_splits(task.dataset.name, counts, overlap=overlap(gold))
    show_withheld(gold)
    corpus = None
    if resolved.settings.source.name is not SourceName.original:
        resolved, corpus = _with_corpus(resolved, store=store, folder=job.folder)
    settings = resolved.settings
    if corpus is not None:
        corpus = annotating.cleaned(corpus, settings=settings, task=task, gold=gold, store=store)
    arm = arms.training_arm(corpus, settings=settings, task=task, gold=gold)
    if not arm.train:
        raise ConfigError("nothing is left to train on: quality control has rejected every synthetic example.")
    others = (changed(settings, seed=0), changed(settings, trainer=settings.trainer.reading_plainly()))
    arm_key, weights_key = (run_key(replace(resolved, settings=other)) for other in others)
    return Material(settings, job, task, gold, corpus, arm, run_key(resolved), arm_key, weights_key)


def _with_corpus(
    resolved: Resolved[TrainConfig], *, store: ArtifactStore, folder: Path
) -> tuple[Resolved[TrainConfig], Corpus]:
    """The corpus of the job, and its settings with whole digests where they name corpora."""
    source, how = resolved.settings.source, resolved.settings.quality.reviewed
    if not source.corpora:
        return resolved, replay.corpus(resolved, store=store, folder=folder)
    # before `pinned`, which may build one that is then the latest
    named = changed(source, corpora=corpora.pinned_digests(source.corpora, how=how, store=store))
    corpus = corpora.pinned_corpus(
        source.corpora, how=how, task=resolved.task, gold=resolved.gold, store=store, unlabelled=source.unlabelled
    )
    show_corpus_counts(corpus)
    return replace(resolved, settings=changed(resolved.settings, source=named)), corpus


def run_key(resolved: Resolved[TrainConfig]) -> str:
    """Return the digest of all that changes the result, and of nothing else; known before there are completions."""
    settings, task = resolved.settings, resolved.task
    learner = open_learner(task.kind.learner)
    return keys.training(
        settings,
        versions=(task.writer.version, learner.version(task, backbone=settings.backbone)),
        gold=resolved.gold.hashes,
        labels=task.labels,
        weights=learner.identity(settings.backbone),
        precision=hardware.precision(settings.trainer),
    )


def overlap(gold: Gold) -> int:
    """Return how many texts stand in train and in test; they are reported and left."""
    return len({example.text for example in gold.trainable} & {example.text for example in gold.test})
