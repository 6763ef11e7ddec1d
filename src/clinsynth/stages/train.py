"""Fine-tune a backbone on an arm, score it on the gold test set, log the run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from clinsynth import corpora, keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import SourceName, TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_lines
from clinsynth.learning import hardware, open_learner
from clinsynth.learning.learner import Learner, Rereading, Student
from clinsynth.learning.sets import TrainingSet
from clinsynth.publishing.model_card import Trained, model_card
from clinsynth.reports import adjudication, figures
from clinsynth.reports.counts import show_corpus_counts, show_splits, show_withheld
from clinsynth.reports.mistakes import mistakes
from clinsynth.reports.scores import show_result
from clinsynth.stages import Job, annotating, arms, models, naming, replay, resolving
from clinsynth.stages.feedback import trained
from clinsynth.stages.frame import Entry, Frame, log_corpus, log_gold
from clinsynth.stages.outcomes import PREDICTIONS, log_outcomes
from clinsynth.stages.resolving import Resolved, changed
from clinsynth.task import Task
from clinsynth.tracking import ARM_KEY, RUN_KEY, WEIGHTS_KEY, ActiveRun, Ledger
from clinsynth.types import Evaluation, Gold, Metrics, Predictions, Summary

WORDS_LOST = "train/words_lost"
"""Metric of a run."""


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


def main(settings: TrainConfig, *, job: Job) -> Summary | None:
    """Run the stage; return the summary of the run that has done the job, now or before.

    `None` where it ends before: a dry run of a judge.
    """
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    name = naming.run_name(settings, overrides=job.overrides)
    params = naming.train_params(settings, choices=job.choices)
    may_hold_text = settings.tracking.may_hold_text(public=settings.dataset.public)
    with frame.told_of_failure(experiment=settings.dataset.name, name=name, params=params, may_hold_text=may_hold_text):
        material = _gather(settings, job=job, store=frame.store)
    with frame.ledger.claim(material.run_key):
        finished = frame.finished(
            partial(_finished, frame.ledger, material),
            force=settings.force,
            skipped="This job is finished (run $run): skipped. force=true trains it again.",
        )
        if finished is None and trained.ends_before_judging(material.settings, gold=material.gold):
            return None
        summary = finished or _train(material, frame=frame)
    where = {
        "MLflow run": summary.run_id,
        "corpus": summary.corpus and f"{summary.corpus} (clinsynth show corpus={summary.corpus})",
        "model": summary.model,
        "folder": str(job.folder),
    }
    name = naming.run_name(material.settings, overrides=job.overrides)
    show_result(name, summary, judge=material.task.kind.judge, where=where)
    return summary


def planned(settings: TrainConfig) -> tuple[TrainConfig, str]:
    """Return the resolved settings of a job that is not run now, and its run key."""
    resolved = resolving.load_and_resolve(settings)
    return resolved.settings, run_key(resolved)


def run_key(resolved: Resolved[TrainConfig]) -> str:
    """Return the digest of all that changes the result, and of nothing else; known before there are completions."""
    settings, task = resolved.settings, resolved.task
    learner = _learner(task)
    return keys.training(
        settings,
        versions=(task.writer.version, learner.version(task, backbone=settings.backbone)),
        gold=resolved.gold.hashes,
        labels=task.labels,
        weights=learner.identity(settings.backbone),
        precision=hardware.precision(settings.trainer),
    )


def _learner(task: Task) -> Learner:
    return open_learner(task.kind.learner)


def _gather(settings: TrainConfig, *, job: Job, store: ArtifactStore) -> Material:
    resolved = resolving.load_and_resolve(settings)
    task, gold = resolved.task, resolved.gold
    describe = task.kind.examples.describe
    counts = {"train": describe(gold.trainable), "devel": describe(gold.devel), "test": describe(gold.test)}
    show_splits(task.dataset.name, counts, overlap=_overlap(gold))
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


def _finished(ledger: Ledger, material: Material) -> Summary | None:
    need_model = material.settings.trainer.save_model
    summary = ledger.finished(material.run_key, corpus=material.corpus_digest, need_model=need_model)
    if need_model and summary is not None and summary.model is not None:
        models.check_whole(
            Path(summary.model), mend=f"The run {summary.run_id} has trained it: force=true trains it again."
        )
    return summary


def _train(material: Material, *, frame: Frame) -> Summary:
    settings, gold, arm = material.settings, material.gold, material.arm
    hardware.share_cores(material.job.side_by_side)
    student = _learner(material.task).student(
        material.task, arm=arm, backbone=settings.backbone, trainer=settings.trainer, seed=settings.seed
    )
    entry = Entry(
        material.run_key,
        experiment=settings.dataset.name,
        name=naming.run_name(settings, overrides=material.job.overrides),
        params=naming.train_params(settings, choices=material.job.choices) | _answered_by(material),
        corpus=material.corpus_digest,
        tags={"arm": naming.arm_name(settings), ARM_KEY: material.arm_key, **_weights_tag(material)},
    )
    with frame.begin(entry) as run:
        _log_data(run, material)
        resume = frame.store.root / f"unfinished-{material.run_key[:12]}"
        metrics = _adopted(material, student, ledger=frame.ledger)
        if metrics is None:
            metrics = _fitted(material, student, run=run, resume=resume)
        if gold.test:
            judged, result = _judged(material, student)
            metrics |= result.metrics | {"test/words_lost": student.lost_of(gold.test)}
            key, said = material.run_key, judged.predicted
            metrics |= trained.judged(settings, student, said, gold=gold, key=key, run=run, frame=frame)
            _log_scores(run, material, result=result, predicted=judged.predicted)
        model = None
        if settings.trainer.save_model:
            model = str(_save_model(student, material, run_id=run.id, metrics=metrics, store=frame.store))
            run.model(
                Path(model),
                task=material.task.name,
                metrics={name: metrics[name] for name in material.task.kind.judge.HEADLINE.metrics if name in metrics},
                tested_on=(settings.dataset.name, keys.digest(gold.hashes)),
            )
        summary = Summary(run.id, material.run_key, material.corpus_digest, model, len(arm.examples), metrics)
        run.metrics(summary.metrics)
        summary = frame.end(run, summary)
        shutil.rmtree(resume, ignore_errors=True)
        return summary


def _fitted(material: Material, student: Student, *, run: ActiveRun, resume: Path) -> Metrics:
    """Train; return what there is to say of that."""
    headline, trial = material.task.kind.judge.HEADLINE, material.job.trial
    report = trial.pruning(run.measured, metric=headline.devel) if trial else run.measured
    began = time.monotonic()
    fitted = student.fit(report=report, resume=resume)
    seconds = time.monotonic() - began
    metrics = {"time/train_s": seconds, "time/texts_a_second": fitted.texts / seconds, WORDS_LOST: student.lost}
    if fitted.devel_score is not None:
        metrics[headline.best] = fitted.devel_score
    return metrics


def _adopted(material: Material, student: Student, *, ledger: Ledger) -> Metrics | None:
    """Give the student the weights of a run that has learnt the same; return what was said of its training.

    `None` where there is no such run, or the settings want the model trained again.
    """
    if material.settings.force or not isinstance(student, Rereading):
        return None
    for tag in (RUN_KEY, WEIGHTS_KEY):
        found = ledger.finished(material.weights_key, corpus=material.corpus_digest, need_model=True, tag=tag)
        if found is not None and found.model is not None:
            models.check_whole(Path(found.model), mend=f"The run {found.run_id} has trained it: force=true trains it.")
            print(f"The run {found.run_id} has learnt the same, and reads in another way: its weights are taken.")
            student.adopt(Path(found.model))
            said = ("time/train_s", "time/texts_a_second", WORDS_LOST, material.task.kind.judge.HEADLINE.best)
            return {name: found.metrics[name] for name in said if name in found.metrics}
    return None


def _weights_tag(material: Material) -> dict[str, str]:
    return {} if material.weights_key == material.run_key else {WEIGHTS_KEY: material.weights_key}


def _answered_by(material: Material) -> dict[str, str]:
    """Return as a param which LLM wrote the corpus, where it is none that the settings name."""
    if material.corpus is None or material.settings.llm.model:
        return {}
    return {naming.ANSWERED_BY: ", ".join(material.corpus.manifest.models)}


def _judged(material: Material, student: Student) -> tuple[Predictions, Evaluation]:
    """Return predictions for the test set, and their scores; devel examples that chose no checkpoint count, too."""
    devel = () if student.checkpoints else material.arm.devel
    found = student.predict(material.gold.test)
    judge = material.task.kind.judge
    return found, judge.evaluate(found, train=material.arm.examples, devel=student.predict(devel))


def _save_model(
    student: Student, material: Material, *, run_id: str, metrics: dict[str, float], store: ArtifactStore
) -> Path:
    """The model folder: weights, tokenizer, label names and card."""
    content = keys.model_content(material.run_key, corpus=material.corpus_digest)
    final = store.folder("model", version=keys.TRAIN, content=content)

    def build(folder: Path) -> dict[str, Any]:
        student.save(folder)
        scores = material.task.kind.judge.HEADLINE.scores
        usage = student.usage(final.resolve())
        card = trained_card(material.settings, run_id=run_id, metrics=metrics, usage=usage, scores=scores)
        (folder / "README.md").write_text(card, encoding="utf-8")
        return {"run_id": run_id}

    return store.build("model", version=keys.TRAIN, content=content, builder=build, replace=True)


def trained_card(settings: TrainConfig, *, run_id: str, metrics: Metrics, usage: str, scores: Mapping[str, str]) -> str:
    """Return the card of a model that was trained now; it does not say where on this machine it lies."""
    trained = Trained(run_id, naming.train_params(settings, choices={}), metrics, settings.dataset.licence)
    title = f"{settings.backbone.name} for {settings.dataset.name}"
    usage = usage.replace(f"{Path(settings.paths.artifacts).resolve()}/", "")
    return model_card(trained, title=title, usage=usage, scores=scores)


def _log_data(run: ActiveRun, material: Material) -> None:
    dataset, corpus = material.settings.dataset, material.corpus
    synthetic = material.settings.source.name is SourceName.synthetic
    log_gold(run, material.gold, dataset=dataset, context="testing" if synthetic else "training")
    run.metrics({"examples": len(material.arm.examples), "labels": float(_labels(material))})
    if labels := material.gold.adjudication:
        run.metrics(adjudication.logged(labels))
    if corpus:
        log_corpus(run, corpus, dataset=dataset)
        run.metrics({f"corpus/{name.replace(' ', '_')}": value for name, value in corpus.manifest.counts.items()})
        run.metrics({f"corpus/rejected_{name}": value for name, value in corpus.manifest.rejected.items()})
        if material.log_text:
            run.file(corpus.folder / "manifest.json", "corpus")
            run.file(corpus.folder / corpora.REJECTED, "corpus")


def _labels(material: Material) -> int:
    """Return how many gold sentences' labels were spent: those learnt from, and those that an LLM was shown."""
    source, gold, corpus = material.settings.source, material.gold, material.corpus
    shown = corpus.manifest.counts.get("labels", 0) if corpus else 0
    if source.name is SourceName.synthetic:
        return shown
    return (len(gold.trainable) if source.examples is None else source.examples) + shown


def _log_scores(run: ActiveRun, material: Material, *, result: Evaluation, predicted: Sequence[Any]) -> None:
    log_outcomes(run, result)
    if result.curves:
        run.figure(figures.precision_recall(result.curves), "precision_recall.png")
    if result.counts is not None:
        run.counts(result.counts)
    if material.log_text:
        records = [
            material.task.kind.judge.record(truth, predicted=guess)
            for truth, guess in zip(material.gold.test, predicted, strict=True)
        ]
        run.text(json_lines(records), PREDICTIONS)
        if wrong := mistakes(records):
            run.table(wrong, "mistakes.json")


def _overlap(gold: Gold) -> int:
    """Texts that stand in train and in test; they are reported and left."""
    return len({example.text for example in gold.trainable} & {example.text for example in gold.test})
