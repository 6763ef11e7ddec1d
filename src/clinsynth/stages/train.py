"""Fine-tune a backbone on an arm, score it on the gold test set, log the run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clinsynth import corpora, datasets
from clinsynth.artifacts import ArtifactStore, digest, json_lines
from clinsynth.config import SourceName, TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.reports import cards, figures, tables
from clinsynth.stages import Job, replay
from clinsynth.tasks.base import ModelRoom, config_room, gold_room, model_room, synthesis_room
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.training import backbones, fit, hardware, sources
from clinsynth.training.prepare import Prepared, encode, prepare
from clinsynth.training.sets import TrainingSet, training_set
from clinsynth.types import Evaluation, Gold, Metrics, Predictions, Summary

VERSION = "train-1"
"""Bumped when the same settings would give another result, whatever the task."""


@dataclass(frozen=True)
class Material:
    """What a job is made of, once its settings are resolved."""

    settings: TrainConfig
    job: Job
    gold: Gold
    corpus: Corpus | None
    """None where the model trains on gold alone."""
    arm: TrainingSet
    room: ModelRoom
    run_key: str

    @property
    def log_text(self) -> bool:
        return self.settings.tracking.may_hold_text(public=self.settings.dataset.public)

    @property
    def corpus_digest(self) -> str | None:
        return self.corpus.digest if self.corpus else None


def main(settings: TrainConfig, *, job: Job) -> None:
    fit.keep_libraries_quiet()
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    ledger.bury_dead()
    material = _gather(settings, job=job, store=store)
    with ledger.claim(material.run_key):
        summary = None if settings.force else _finished(ledger, material)
        if summary is None:
            summary = _train(material, ledger=ledger, store=store)
        else:
            print(f"This job is finished (run {summary.run_id}): skipped. force=true trains it again.")
    if settings.tracking.table:
        ledger.tag(summary.run_id, f"table.{settings.tracking.table}", "true")
    summary.write(job.folder)
    where = {
        "MLflow run": summary.run_id,
        "corpus": summary.corpus and f"{summary.corpus} (clinsynth show corpus={summary.corpus})",
        "model": summary.model,
        "folder": str(job.folder),
    }
    columns = config_room(settings.dataset.task).COLUMNS
    tables.show_result(cards.run_name(settings), summary, columns=columns, where=where)


def run_key(settings: TrainConfig, *, gold: Gold, room: ModelRoom) -> str:
    """Digest of all that changes the result, and of nothing else; computable before there are completions."""
    trainer = asdict(settings.trainer) | {"precision": hardware.precision(settings.trainer)}
    for name in ("save_model", "accelerator"):
        del trainer[name]
    backbone = settings.backbone
    content = {
        "versions": [VERSION, room.VERSION],
        "gold": gold.hashes,
        "labels": config_room(settings.dataset.task).labels(settings.dataset),
        "source": [settings.source.name.value, settings.source.examples],
        "backbone": [backbones.identity(backbone), backbone.lr, backbone.max_length, backbone.batch_size],
        "trainer": trainer,
        "seed": settings.seed,
    }
    if settings.source.corpora:
        content["corpora"] = [settings.source.corpora, settings.source.target, settings.size.total]
        content |= corpora.reviewed_key(settings)
    elif settings.source.name is not SourceName.original:
        content["corpus"] = corpora.settings_key(settings)
    return digest(content)


def planned(settings: TrainConfig) -> str:
    """Resolves the settings of a job that is not run now; returns its run key."""
    gold = _resolve(settings)
    if settings.source.generated:
        synthesis_room(settings.dataset.task).propose(settings, gold=gold)
    return run_key(settings, gold=gold, room=model_room(settings.dataset.task))


def _resolve(settings: TrainConfig) -> Gold:
    """Fill in what is left to task and gold."""
    room = config_room(settings.dataset.task)
    sources.check(settings)
    room.resolve(settings)
    sources.fill(settings, holdout=room.HOLDOUT)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    sources.settle(settings, gold=gold)
    return gold


def _gather(settings: TrainConfig, *, job: Job, store: ArtifactStore) -> Material:
    gold = _resolve(settings)
    describe = gold_room(settings.dataset.task).describe
    counts = {"train": describe(gold.lessons), "devel": describe(gold.devel), "test": describe(gold.test)}
    tables.show_splits(settings.dataset.name, counts, overlap=_overlap(gold))
    tables.show_withheld(gold)
    corpus = None
    if settings.source.name is not SourceName.original:
        corpus = _corpus(settings, gold=gold, store=store, folder=job.folder)
    arm = training_set(
        gold,
        synthetic=sources.synthetic(settings, corpus) if corpus else (),
        source=settings.source,
        holdout=settings.trainer.holdout or 0.0,
        seed=settings.seed,
    )
    if not arm.train:
        raise ConfigError("nothing is left to train on: quality control has rejected every synthetic example.")
    model = model_room(settings.dataset.task)
    return Material(settings, job, gold, corpus, arm, model, run_key(settings, gold=gold, room=model))


def _corpus(settings: TrainConfig, *, gold: Gold, store: ArtifactStore, folder: Path) -> Corpus:
    if not settings.source.corpora:
        return replay.corpus(settings, gold=gold, store=store, folder=folder)
    starts = settings.source.corpora
    # before `pinned`, which may build one that is then the latest
    settings.source.corpora = corpora.named(starts, how=settings.quality.reviewed, store=store)
    corpus = corpora.pinned(starts, settings=settings, gold=gold, store=store)
    tables.show_corpus_counts(corpus)
    return corpus


def _finished(ledger: Ledger, material: Material) -> Summary | None:
    need_model = material.settings.trainer.save_model
    return ledger.finished(material.run_key, corpus=material.corpus_digest, need_model=need_model)


def _train(material: Material, *, ledger: Ledger, store: ArtifactStore) -> Summary:
    settings, gold, room = material.settings, material.gold, material.room
    fit.share_cores(material.job.side_by_side)
    prepared = prepare(settings, arm=material.arm, room=room)
    test = encode(settings, gold.test, room=room)
    with ledger.run(
        experiment=settings.dataset.name,
        name=cards.run_name(settings),
        run_key=material.run_key,
        corpus=material.corpus_digest,
        description=cards.run_description(material.job),
        tags=material.job.tags | {"arm": cards.arm(settings)},
    ) as run:
        _log_settings(run, material)
        began = time.monotonic()
        fitted = fit.fit(prepared.tuner, data=prepared.data, config=settings.trainer, report=run.measured)
        trained = time.monotonic()
        metrics: Metrics = {
            "time/train_s": trained - began,
            "time/texts_a_second": fitted.texts / (trained - began),
            "train/words_lost": prepared.lost,
        }
        if fitted.devel_score is not None:
            metrics["devel/best_f1"] = fitted.devel_score
        result, predicted = None, None
        if gold.test:
            judged = _predict(gold.test, encoded=test, fitted=fitted, prepared=prepared, room=room)
            devel = () if room.CHECKPOINTS else material.arm.devel
            encoded = encode(settings, devel, room=room)
            chosen = _predict(devel, encoded=encoded, fitted=fitted, prepared=prepared, room=room)
            predicted = judged.predicted
            result = room.evaluate(judged, train=material.arm.examples, devel=chosen)
            metrics |= result.metrics | {"test/words_lost": room.lost(gold.test, encoded=test)}
        model = None
        if settings.trainer.save_model:
            model = str(_save_model(prepared, material, run_id=run.id, metrics=metrics, store=store))
        summary = Summary(run.id, material.run_key, material.corpus_digest, model, len(material.arm.examples), metrics)
        if result is not None and predicted is not None:
            _log_scores(run, material, result=result, predicted=predicted)
        run.metrics(summary.metrics)
        summary.write(material.job.folder)
        run.file(material.job.folder / "summary.json")
    return summary


def _predict(
    examples: Sequence[Any], *, encoded: Sequence[Any], fitted: fit.Fitted, prepared: Prepared, room: ModelRoom
) -> Predictions:
    if not examples:
        return Predictions((), ())
    outputs = fit.predict(fitted.trainer, prepared.tuner, data=prepared.data, encoded=encoded)
    predicted = room.predictions(examples, encoded=encoded, outputs=outputs, labels=prepared.labels)
    return Predictions(examples, predicted)


def _save_model(
    prepared: Prepared, material: Material, *, run_id: str, metrics: dict[str, float], store: ArtifactStore
) -> Path:
    """The model folder: weights, tokenizer, label names and card."""
    content = [material.run_key, material.corpus_digest]
    final = store.folder("model", version=VERSION, content=content)

    def build(folder: Path) -> dict[str, Any]:
        prepared.save(folder)
        card = cards.model_card(
            material.settings, run_id=run_id, metrics=metrics, usage=material.room.usage(final.resolve())
        )
        (folder / "README.md").write_text(card, encoding="utf-8")
        return {"run_id": run_id}

    return store.build("model", version=VERSION, content=content, builder=build, replace=True)


def _log_settings(run: ActiveRun, material: Material) -> None:
    settings, corpus = material.settings, material.corpus
    run.params(cards.params(settings, choices=material.job.choices))
    run.text(material.job.resolved, "config.yaml")
    for file in list(settings.dataset.files.given().values())[:1]:
        run.dataset(name=settings.dataset.name, digest=digest(material.gold.hashes), source=str(file.url or file.path))
    run.metrics({"examples": len(material.arm.examples)})
    if corpus:
        run.dataset(name=f"{settings.dataset.name} synthetic", digest=corpus.digest, source=str(corpus.folder))
        run.metrics({f"corpus/{name.replace(' ', '_')}": value for name, value in corpus.manifest["counts"].items()})
        run.metrics({f"corpus/rejected_{name}": value for name, value in corpus.manifest["rejected"].items()})
        if material.log_text:
            run.file(corpus.folder / "manifest.json", "corpus")
            run.file(corpus.folder / corpora.REJECTED, "corpus")


def _log_scores(run: ActiveRun, material: Material, *, result: Evaluation, predicted: Sequence[Any]) -> None:
    run.figure(figures.error_kinds(result.errors), "errors.png")
    if result.curves:
        run.figure(figures.precision_recall(result.curves), "precision_recall.png")
    run.counts(result.counts)
    if material.log_text:
        records = (
            material.room.record(truth, predicted=guess)
            for truth, guess in zip(material.gold.test, predicted, strict=True)
        )
        run.text(json_lines(records), "predictions.jsonl")


def _overlap(gold: Gold) -> int:
    """Texts that stand in train and in test; they are reported and left."""
    return len({example.text for example in gold.lessons} & {example.text for example in gold.test})
