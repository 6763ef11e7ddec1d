"""Fine-tune a backbone on an arm, score it on the gold test set, log the run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from clinsynth import corpora, keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import SourceName, TrainConfig
from clinsynth.files.json_lines import json_lines
from clinsynth.learning import hardware, open_learner
from clinsynth.learning.learner import Rereading, Student
from clinsynth.publishing.model_card import Trained, model_card
from clinsynth.reports import adjudication, figures
from clinsynth.reports.mistakes import mistakes
from clinsynth.reports.scores import show_result
from clinsynth.stages import Job, models, naming, resolving
from clinsynth.stages.feedback import trained
from clinsynth.stages.frame import Entry, Frame, log_corpus, log_gold
from clinsynth.stages.gathering import Material, gather, run_key
from clinsynth.stages.outcomes import PREDICTIONS, log_outcomes
from clinsynth.tracking import ARM_KEY, RUN_KEY, WEIGHTS_KEY, ActiveRun, Ledger
from clinsynth.types import Evaluation, Metrics, Predictions, Summary

WORDS_LOST = "train/words_lost"
"""Metric of a run."""


def main(settings: TrainConfig, *, job: Job) -> Summary | None:
    """Run the stage; return the summary of the run that has done the job, now or before.

    `None` where it ends before: a dry run of a judge.
    """
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    name = naming.run_name(settings, overrides=job.overrides)
    params = naming.train_params(settings, choices=job.choices)
    may_hold_text = settings.tracking.may_hold_text(public=settings.dataset.public)
    with frame.told_of_failure(experiment=settings.dataset.name, name=name, params=params, may_hold_text=may_hold_text):
        material = gather(settings, job=job, store=frame.store)
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
    student = open_learner(material.task.kind.learner).student(
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
