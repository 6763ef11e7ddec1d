"""Fine-tunes a pre-trained encoder with a head for the task: a backbone in, a folder with a model out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl

from clinsynth.config import BackboneConfig, TrainerConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware, saved
from clinsynth.learning.encoder import backbones, dropout, fit, reading
from clinsynth.learning.encoder.data import FineTuningData
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.objective import objective
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.encoder.weights import locate
from clinsynth.learning.learner import Fitted, Measured
from clinsynth.learning.sets import TrainingSet
from clinsynth.task import Alike, Kind, Task
from clinsynth.types import Predictions

NAME = "encoder"
"""In the folders of saved models."""


@dataclass
class EncoderStudent:
    """A backbone with a fresh head, and everything encoded for it."""

    task: Task
    backbone: BackboneConfig
    settings: TrainerConfig
    tokenizer: Any
    tuner: BaseFineTuner
    data: FineTuningData
    lost: int
    """Labelled units (words) of the training examples that are cut off."""
    checkpoints: bool
    sentences: str | None = None
    """The language by whose rules the training examples were cut out of texts."""
    devel: Sequence[Any] = ()
    """On which thresholds are chosen; empty where none are."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """How sure the model has to be, by label, once it is trained."""
    _trainer: pl.Trainer | None = field(default=None, repr=False)

    def fit(self, *, report: Callable[[Measured], None], resume: Path | None = None) -> Fitted:
        """Train, always from the beginning; afterwards the weights are those of the best epoch, or the last ones."""
        self._trainer, fitted = fit.fit(self.tuner, data=self.data, config=self.settings, report=report)
        self._choose_thresholds()
        return fitted

    def adopt(self, folder: Path) -> None:
        """Take, in the place of training, the weights of a saved model that has learnt the same."""
        build, labels = self.task.kind.model().build, self.task.labels
        learnt = backbones.load_weights(build, str(folder), revision=None, allow_pickle=False, labels=labels)
        self.tuner.model.load_state_dict(learnt.state_dict())
        self._trainer = fit.alone(self.settings)
        self._choose_thresholds()

    def _choose_thresholds(self) -> None:
        if self.devel and self.task.kind.confidence:
            found = self.predict(self.devel)
            self.thresholds = self.task.kind.confidence.chosen_thresholds(found.gold, found.predicted)

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Return what the trained model makes of gold examples, in their order."""
        if not examples:
            return Predictions((), ())
        encoded, outputs = self._read(examples)
        read = reading.Predicting(self.task.kind, self.task.labels, self.thresholds, alike_of(self.settings))
        return Predictions(examples, read.examples(examples, encoded=encoded, outputs=outputs))

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Return the probabilities of the labels of each example, as `Probabilities.rows` has them."""
        encoded, outputs = self._read(examples)
        return reading.probabilities(
            self.task.kind, examples, encoded=encoded, outputs=outputs, labels=self.task.labels
        )

    def _read(self, examples: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return examples as the model reads them, and its outputs."""
        assert self._trainer is not None, "fit() comes first"
        encoded = encode(self.task, examples, backbone=self.backbone)
        return encoded, fit.predict(self._trainer, self.tuner, data=self.data, encoded=encoded)

    def lost_of(self, examples: Sequence[Any]) -> int:
        """Return how many labelled units (words) of examples are cut off."""
        return self.task.kind.model().lost(examples, encoded=encode(self.task, examples, backbone=self.backbone))

    def save(self, folder: Path) -> None:
        """Write Hugging Face's format, the tokenizer included; the config says what and how the model has learnt."""
        lengths = [len(item) for item in self.data.train]
        config = self.tuner.model.config
        config.clinsynth = saved.section(
            learner=NAME,
            task=self.task.name,
            labels=self.task.labels,
            head=None if self.backbone.head == "token" else self.backbone.head,
            sentences=self.sentences,
            thresholds=self.thresholds,
            alike=self.settings.alike,
            abbreviations=self.settings.abbreviations,
        )
        config.text_pieces = {"most": int(np.percentile(lengths, 99)), "longest": max(lengths)}
        self.tuner.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def usage(self, folder: Path) -> str:
        """Return Python lines that load the saved model, for its card."""
        return self.task.kind.model().usage(folder)


def student(
    task: Task, *, arm: TrainingSet, backbone: BackboneConfig, trainer: TrainerConfig, seed: int
) -> EncoderStudent:
    """Return a model that is ready to learn, of a task with the head of the backbone; seeds everything.

    Raises Unreachable where there is no backbone.
    """
    fit.keep_libraries_quiet()
    held_out = _held_out(task, arm) if trainer.thresholds else ()
    _check_alike(task, trainer)
    model, judge, labels = task.kind.model(), task.kind.judge, task.labels
    path = locate(backbone)
    tokenizer = backbones.tokenizer(path, backbone.revision, tuple(task.markers))
    train, devel = (encode(task, examples, backbone=backbone) for examples in (arm.train, arm.devel))

    pl.seed_everything(seed, workers=True, verbose=False)
    network = backbones.load_weights(
        model.build, path, revision=backbone.revision, allow_pickle=backbone.allow_pickle, labels=labels
    )
    backbones.embed(network, markers=task.markers, tokenizer=tokenizer)
    if trainer.compile:
        hardware.check_compiler(trainer.accelerator)
        network.compile(dynamic=True)  # for batches of any length
    elif hardware.device(trainer.accelerator) == "cpu":
        dropout.use_bytes(network)
    tuner: BaseFineTuner = model.FineTuner(
        network,
        lr=backbone.lr,
        warmup=trainer.warmup,
        weight_decay=trainer.weight_decay,
        score=partial(_devel_score, kind=task.kind, labels=labels, examples=arm.devel, encoded=devel),
        metric=judge.HEADLINE.devel,
        objective=objective(trainer, of=model.FineTuner, task=task.name),
        compiled=trainer.compile,
    )
    tuner.prime(train)
    data = FineTuningData(
        train=train,
        devel=devel if model.CHECKPOINTS else (),
        batch_size=backbone.batch_size,
        collator=model.collator(tokenizer),
        seed=seed,
        first=arm.first,
        epochs=schedule(len(train), batch_size=backbone.batch_size, trainer=trainer).epochs,
        even=model.FineTuner.OF_WORDS,
    )
    cut_by = task.kind.sentences
    return EncoderStudent(
        task,
        backbone,
        trainer,
        tokenizer,
        tuner,
        data,
        lost=model.lost(arm.train, encoded=train),
        checkpoints=model.CHECKPOINTS,
        sentences=cut_by(task.dataset, arm.examples) if cut_by else None,
        devel=held_out,
    )


def _devel_score(
    outputs: Sequence[Any], *, kind: Kind, labels: Sequence[str], examples: Sequence[Any], encoded: Sequence[Any]
) -> float:
    predicted = kind.model().predictions(examples, encoded=encoded, outputs=outputs, labels=labels)
    return kind.judge.devel_score(examples, predicted=predicted)


def alike_of(trainer: TrainerConfig) -> Alike:
    """Return which words are labelled as elsewhere."""
    return Alike(trainer.alike, trainer.abbreviations)


def _check_alike(task: Task, trainer: TrainerConfig) -> None:
    """Raise ConfigError where words cannot be labelled alike."""
    if alike_of(trainer) and task.kind.consistency is None:
        raise ConfigError(
            "trainer.alike and trainer.abbreviations are of ner with backbone.head=token or word, whose labels are "
            f"those of words; {task.name} has none here."
        )


def _held_out(task: Task, arm: TrainingSet) -> Sequence[Any]:
    """Return what thresholds are chosen on; raises ConfigError where there is nothing, or nothing to choose."""
    if task.kind.confidence is None:
        raise ConfigError(f"trainer.thresholds=true is of ner: {task.name} has no mentions to be sure of.")
    if not arm.devel:
        raise ConfigError(
            "trainer.thresholds=true chooses on examples that are held out, and there are none: trainer.holdout=0.1."
        )
    return arm.devel


def encode(task: Task, examples: Sequence[Any], *, backbone: BackboneConfig) -> Sequence[Any]:
    """Return model inputs of the examples; a sweep in one process encodes the same ones once."""
    return _encoded(
        task.kind,
        tuple(examples),
        locate(backbone),
        backbone.revision,
        task.labels,
        tuple(task.markers),
        backbone.max_length,
    )


@lru_cache(maxsize=8)
def _encoded(
    kind: Kind,
    examples: tuple[Any, ...],
    path: str,
    revision: str | None,
    labels: tuple[str, ...],
    markers: tuple[str, ...],
    max_length: int,
) -> Sequence[Any]:
    tokenizer = backbones.tokenizer(path, revision, markers)
    return kind.model().encode(examples, tokenizer=tokenizer, labels=labels, max_length=max_length)
