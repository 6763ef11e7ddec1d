"""Fine-tune a backbone on an arm, score it on the gold test set, log the run."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from clinsynth import datasets
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import TrainConfig
from clinsynth.reports import cards, figures, tables
from clinsynth.stages import Job
from clinsynth.tasks.base import ModelRoom, gold_room, model_room
from clinsynth.tracking import ActiveRun, Ledger
from clinsynth.training import backbones, fit
from clinsynth.training.data import FineTuningData
from clinsynth.training.sets import TrainingSet, training_set
from clinsynth.types import Evaluation, Gold, Summary

VERSION = "train-1"
"""Bumped when the same settings would give another result for any task."""


def main(settings: TrainConfig, *, job: Job) -> None:
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data))
    room = model_room(settings.dataset.task)
    describe = gold_room(settings.dataset.task).describe
    tables.show_splits(settings.dataset.name, {split: describe(getattr(gold, split)) for split in ("train", "devel", "test")}, overlap=_overlap(gold))
    arm = training_set(gold, source=settings.source, holdout=settings.trainer.holdout, seed=settings.seed)
    key = run_key(settings, gold=gold, room=room)
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    ledger.bury_dead()
    with ledger.claim(key):
        summary = None if settings.force else ledger.finished(key, corpus=None, need_model=settings.trainer.save_model)
        if summary is None:
            summary = _train(settings, job=job, gold=gold, arm=arm, room=room, key=key, ledger=ledger, store=store)
        else:
            print(f"This job is finished (run {summary.run_id}): skipped. force=true trains it again.")
    if settings.tracking.table:
        ledger.tag(summary.run_id, f"table.{settings.tracking.table}", "true")
    summary.write(job.folder)
    tables.show_result(_name(settings), summary, where={"MLflow run": summary.run_id, "model": summary.model, "folder": str(job.folder)})


def run_key(settings: TrainConfig, *, gold: Gold, room: ModelRoom) -> str:
    """Digest of all that changes the result, and of nothing else."""
    trainer = asdict(settings.trainer)
    for name in ("save_model", "accelerator"):
        del trainer[name]
    backbone = settings.backbone
    return digest(
        {
            "versions": [VERSION, room.VERSION],
            "gold": gold.hashes,
            "labels": room.labels(settings.dataset),
            "source": [settings.source.name.value, settings.source.examples],
            "backbone": [backbones.identity(backbone), backbone.lr, backbone.max_length, backbone.batch_size],
            "trainer": trainer | {"precision": fit.precision(settings.trainer)},
            "seed": settings.seed,
        }
    )


def _train(
    settings: TrainConfig, *, job: Job, gold: Gold, arm: TrainingSet, room: ModelRoom, key: str, ledger: Ledger, store: ArtifactStore
) -> Summary:
    began = time.monotonic()
    _share_cores(job.side_by_side)
    prepared = _prepare(settings, arm=arm, gold=gold, room=room)
    with ledger.run(
        experiment=settings.dataset.name, name=_name(settings), run_key=key, corpus=None, description=cards.run_description(job)
    ) as run:
        _log_settings(run, settings, job=job, gold=gold, arm=arm)
        trainer = fit.fit(prepared.tuner, data=prepared.data, config=settings.trainer, seed=settings.seed, report=run.measured)
        trained = time.monotonic()
        outputs = fit.predict(trainer, prepared.tuner, data=prepared.data, encoded=prepared.test)
        predicted = room.predictions(gold.test, encoded=prepared.test, outputs=outputs, labels=prepared.labels)
        result = room.evaluate(gold.test, predicted=predicted, train=arm.examples)
        metrics = result.metrics | {
            "time/train_s": trained - began,
            "train/words_lost": prepared.lost_in_train,
            "test/words_lost": room.lost(gold.test, encoded=prepared.test),
        }
        if prepared.data.devel:
            metrics["devel/f1"] = float(trainer.checkpoint_callback.best_model_score)  # type: ignore[union-attr,arg-type]
        model = _save_model(prepared, settings, key=key, run=run, store=store, metrics=metrics) if settings.trainer.save_model else None
        summary = Summary(run.id, key, None, None if model is None else str(model), len(arm.examples), metrics)
        _log_result(run, summary, result=result, job=job, records=_records(room, gold.test, predicted) if settings.tracking.log_text else None)
    return summary


@dataclass(frozen=True)
class Prepared:
    """A backbone with a fresh head, and everything encoded for it."""

    labels: tuple[str, ...]
    tokenizer: Any
    tuner: Any
    data: FineTuningData
    test: Sequence[Any]
    lost_in_train: int


def _prepare(settings: TrainConfig, *, arm: TrainingSet, gold: Gold, room: ModelRoom) -> Prepared:
    backbone = settings.backbone
    path = backbones.locate(backbone)
    labels = room.labels(settings.dataset)
    tokenizer = backbones.tokenizer(path, backbone.revision)

    def encoded(examples: Sequence[Any]) -> Sequence[Any]:
        return _encoded(settings.dataset.task, tuple(examples), path, backbone.revision, labels, backbone.max_length)

    pl.seed_everything(settings.seed, workers=True, verbose=False)
    train, devel = encoded(arm.train), encoded(arm.devel)

    def score(outputs: Sequence[Any]) -> float:
        guessed = room.predictions(arm.devel, encoded=devel, outputs=outputs, labels=labels)
        return room.devel_score(arm.devel, predicted=guessed)

    tuner = room.FineTuner(
        backbones.reached(room.build, path, labels=labels, revision=backbone.revision),
        lr=backbone.lr,
        warmup=settings.trainer.warmup,
        weight_decay=settings.trainer.weight_decay,
        score=score,
    )
    data = FineTuningData(
        train=train, devel=devel, batch_size=backbone.batch_size, collator=room.collator(tokenizer), seed=settings.seed
    )
    return Prepared(labels, tokenizer, tuner, data, encoded(gold.test), room.lost(arm.train, encoded=train))


@lru_cache(maxsize=8)
def _encoded(task: str, examples: tuple[Any, ...], path: str, revision: str | None, labels: tuple[str, ...], max_length: int) -> Sequence[Any]:
    """Shared by the jobs of a process: a sweep encodes its test set once."""
    return model_room(task).encode(examples, tokenizer=backbones.tokenizer(path, revision), labels=labels, max_length=max_length)


def _share_cores(jobs: int) -> None:
    if jobs > 1:  # two jobs with two threads each on two cores are slower than one after the other
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))


def _save_model(prepared: Prepared, settings: TrainConfig, *, key: str, run: ActiveRun, store: ArtifactStore, metrics: dict[str, float]) -> Path:
    """The model in Hugging Face format, with its tokenizer and card."""

    def build(folder: Path) -> dict[str, Any]:
        prepared.tuner.model.save_pretrained(folder)
        prepared.tokenizer.save_pretrained(folder)
        final = store.folder("model", version=VERSION, content=key).resolve()
        card = cards.model_card(settings, run_id=run.id, metrics=metrics, usage=model_room(settings.dataset.task).usage(final))
        (folder / "README.md").write_text(card, encoding="utf-8")
        return {"run_id": run.id}

    return store.build("model", version=VERSION, content=key, builder=build, replace=True)


def _log_settings(run: ActiveRun, settings: TrainConfig, *, job: Job, gold: Gold, arm: TrainingSet) -> None:
    run.params(job.choices | cards.flat_params(settings))
    run.text(job.resolved, "config.yaml")
    run.dataset(name=settings.dataset.name, digest=digest(gold.hashes), source=settings.dataset.files["train"].url or settings.dataset.files["train"].path)
    run.metrics({"examples": len(arm.examples)})


def _log_result(run: ActiveRun, summary: Summary, *, result: Evaluation, job: Job, records: str | None) -> None:
    run.metrics(summary.metrics)
    run.figure(figures.error_kinds(result.errors), "errors.png")
    run.text("\n".join(",".join(map(str, row)) for row in [("true", "predicted", "gold"), *result.counts.tolist()]), "counts.csv")
    if records is not None:
        run.text(records, "predictions.jsonl")
    summary.write(job.folder)
    run.file(job.folder / "summary.json")


def _records(room: ModelRoom, gold: Sequence[Any], predicted: Sequence[Any]) -> str:
    import json

    rows = (room.record(truth, predicted=guess) for truth, guess in zip(gold, predicted, strict=True))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _name(settings: TrainConfig) -> str:
    """What differs between runs of an experiment."""
    shots = "" if settings.source.examples is None else f"-{settings.source.examples}"
    return f"{settings.source.name.value}{shots}-{settings.backbone.name}-seed{settings.seed}"


def _overlap(gold: Gold) -> int:
    """Test examples whose text stands in train too; they are reported and left."""
    known = {example.text for example in gold.train}
    return sum(example.text in known for example in gold.test)
