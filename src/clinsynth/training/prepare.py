"""A backbone with a fresh head, and everything encoded for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pytorch_lightning as pl

from clinsynth.config import TrainConfig
from clinsynth.tasks.base import ModelRoom, config_room, model_room
from clinsynth.training import backbones
from clinsynth.training.data import FineTuningData
from clinsynth.training.module import BaseFineTuner
from clinsynth.training.sets import TrainingSet


@dataclass(frozen=True)
class Prepared:
    labels: tuple[str, ...]
    tokenizer: Any
    tuner: BaseFineTuner
    data: FineTuningData
    lost: int
    """Labelled units (words) of the training examples that are cut off."""

    def save(self, folder: Any) -> None:
        """Hugging Face format, the tokenizer included; the config says how long the texts were that it learnt from."""
        lengths = [len(item) for item in self.data.train]
        self.tuner.model.config.text_pieces = {"most": int(np.percentile(lengths, 99)), "longest": max(lengths)}
        self.tuner.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def prepare(settings: TrainConfig, *, arm: TrainingSet, room: ModelRoom) -> Prepared:
    """Seeds everything; raises Unreachable where the backbone cannot be had."""
    backbone = settings.backbone
    path = backbones.locate(backbone)
    labels = config_room(settings.dataset.task).labels(settings.dataset)
    markers = room.markers(settings.dataset)
    tokenizer = backbones.tokenizer(path, backbone.revision, tuple(markers))
    train, devel = encode(settings, arm.train, room=room), encode(settings, arm.devel, room=room)

    def score(outputs: Sequence[Any]) -> float:
        predicted = room.predictions(arm.devel, encoded=devel, outputs=outputs, labels=labels)
        return room.devel_score(arm.devel, predicted=predicted)

    pl.seed_everything(settings.seed, workers=True, verbose=False)
    model = backbones.load(room.build, path, revision=backbone.revision, labels=labels)
    backbones.embed(model, markers=markers, tokenizer=tokenizer)
    tuner = room.FineTuner(
        model,
        lr=backbone.lr,
        warmup=settings.trainer.warmup,
        weight_decay=settings.trainer.weight_decay,
        score=score,
    )
    tuner.prime(train)
    data = FineTuningData(
        train=train,
        devel=devel if room.CHECKPOINTS else (),
        batch_size=backbone.batch_size,
        collator=room.collator(tokenizer),
        seed=settings.seed,
    )
    return Prepared(labels, tokenizer, tuner, data, lost=room.lost(arm.train, encoded=train))


def encode(settings: TrainConfig, examples: Sequence[Any], *, room: ModelRoom) -> Sequence[Any]:
    """Model inputs of the examples; a sweep in one process encodes the same ones once."""
    backbone = settings.backbone
    return _encoded(
        settings.dataset.task,
        tuple(examples),
        backbones.locate(backbone),
        backbone.revision,
        config_room(settings.dataset.task).labels(settings.dataset),
        tuple(model_room(settings.dataset.task).markers(settings.dataset)),
        backbone.max_length,
    )


@lru_cache(maxsize=8)
def _encoded(
    task: str,
    examples: tuple[Any, ...],
    path: str,
    revision: str | None,
    labels: tuple[str, ...],
    markers: tuple[str, ...],
    max_length: int,
) -> Sequence[Any]:
    tokenizer = backbones.tokenizer(path, revision, markers)
    return model_room(task).encode(examples, tokenizer=tokenizer, labels=labels, max_length=max_length)
