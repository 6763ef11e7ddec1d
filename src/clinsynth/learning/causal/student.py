"""Fine-tunes a causal backbone on dialogues: a backbone in, a folder with an adapter or a model out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from clinsynth.config import BackboneConfig, Strategy, TrainerConfig
from clinsynth.errors import ConfigError
from clinsynth.learning import hardware, saved
from clinsynth.learning.causal import answering, backbones, fit, packing
from clinsynth.learning.causal.module import CausalTuner
from clinsynth.learning.causal.preferences import Pair, PreferenceTuner, one_each, pair_tensors
from clinsynth.learning.causal.templates import Encoded, encode, messages
from clinsynth.learning.causal.weights import NAME
from clinsynth.learning.encoder.fit import keep_libraries_quiet
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.learner import Fitted, Measured
from clinsynth.learning.sets import TrainingSet
from clinsynth.task import CausalModel, Task
from clinsynth.types import Predictions


@dataclass
class CausalStudent:
    """A backbone with a fresh adapter, and the dialogues that it learns."""

    task: Task
    model: CausalModel
    backbone: BackboneConfig
    settings: TrainerConfig
    tokenizer: Any
    tuner: CausalTuner
    dialogues: Sequence[Encoded]
    worse: Sequence[Encoded]
    """Answers to be left for those of the dialogues; empty where dialogues are learnt as they are."""
    seed: int
    checkpoints: bool = False

    @property
    def lost(self) -> int:
        """Return how many pieces of the assistant are cut off, being beyond `backbone.max_length`."""
        return sum(Encoded((), one.targets[self.backbone.max_length :]).learnt for one in self.dialogues)

    def fit(self, *, report: Callable[[Measured], None], resume: Path | None = None) -> Fitted:
        """Train for a number of steps that is known before; goes on from a checkpoint in `resume`."""
        rows: Sequence[Any] = self._pairs() if self.worse else self._rows()
        length = schedule(len(rows), batch_size=self.backbone.batch_size, trainer=self.settings)
        self.tuner.model.train()
        collate = partial(pair_tensors if self.worse else packing.tensors, padding=self.tokenizer.pad_token_id)
        batches = packing.Batches(
            rows,
            collate=collate,
            weigh=one_each if self.worse else packing.learnt,
            batch_size=self.backbone.batch_size,
            passes=length.epochs,
            seed=self.seed,
        )
        fit.fit(self.tuner, batches=batches, trainer=self.settings, report=report, resume=resume)
        return Fitted(texts=length.epochs * len(self.dialogues), devel_score=None)

    def _rows(self) -> list[packing.Row]:
        rows = packing.pack(self.dialogues, length=self.backbone.max_length, seed=self.seed)
        if not rows:
            raise ConfigError("no dialogue has an answer of the assistant: there is nothing to learn from.")
        return rows

    def _pairs(self) -> list[Pair]:
        """Return the pairs of answers, with how likely the model finds them now, before it is trained."""
        network = self.tuner.model.to(hardware.device(self.settings.accelerator)).eval()
        most = self.backbone.max_length
        sides = [[one.cut(most) for one in side] for side in (self.dialogues, self.worse)]
        better, worse = (
            answering.losses(network, side, batch_size=self.backbone.batch_size, padding=self.tokenizer.pad_token_id)
            for side in sides
        )
        rows = zip(*sides, better, worse, strict=True)
        return [Pair(one, other, margin=lost - gained) for one, other, gained, lost in rows]

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Return the answers to the first turns of examples, and how likely the model finds theirs."""
        if not examples:
            return Predictions((), ())
        network = self.tuner.model.to(hardware.device(self.settings.accelerator)).eval()
        size, said = self.backbone.batch_size, self._answers(network, examples)
        encoded = [encode(self.model.turns(example), tokenizer=self.tokenizer) for example in examples]
        padding = self.tokenizer.pad_token_id
        told = answering.losses(network, encoded, batch_size=size, padding=padding)
        with network.disable_adapter() if self.backbone.lora.r else nullcontext():
            before = answering.losses(network, encoded, batch_size=size, padding=padding)
        rows = zip(examples, said, told, before, encoded, strict=True)
        predicted = [
            self.model.answered(example, answer=answer, loss=loss, base_loss=base, pieces=one.learnt)
            for example, answer, loss, base, one in rows
        ]
        return Predictions(examples, predicted)

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Raise ConfigError: what is written has no labels."""
        raise ConfigError("a model that writes has no labels to be sure of.")

    def answers_of_base(self, examples: Sequence[Any]) -> list[Any]:
        """Return what the backbone answered before it was trained; empty where all of its weights were."""
        if not self.backbone.lora.r:
            return []
        network = self.tuner.model.to(hardware.device(self.settings.accelerator)).eval()
        with network.disable_adapter():
            said = self._answers(network, examples)
        return [
            self.model.answered(example, answer=answer, loss=0.0, base_loss=0.0, pieces=0)
            for example, answer in zip(examples, said, strict=True)
        ]

    def _answers(self, network: Any, examples: Sequence[Any]) -> list[str]:
        asked = [messages(self.model.turns(example)[:1]) for example in examples]
        pieces, size = self.backbone.answer_pieces, self.backbone.batch_size
        return answering.answers(network, asked, tokenizer=self.tokenizer, pieces=pieces, batch_size=size)

    def lost_of(self, examples: Sequence[Any]) -> int:
        """Return how many pieces of the assistant in examples are cut off: none, for they are read whole."""
        return 0

    def save(self, folder: Path) -> None:
        """Write the adapter, or a whole model, with its tokenizer; the config says what it has learnt."""
        network = self.tuner.model
        backbones.save(network, folder, merge=self.backbone.merge)
        self.tokenizer.save_pretrained(folder)
        path = folder / saved.CONFIG
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        path = path if content else folder / saved.OWN
        content[saved.SECTION] = saved.section(learner=NAME, task=self.task.name, labels=self.task.labels)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def usage(self, folder: Path) -> str:
        """Return Python lines that load the saved model, for its card."""
        return self.model.usage(folder, adapter=bool(self.backbone.lora.r) and not self.backbone.merge)


def student(
    task: Task, *, arm: TrainingSet, backbone: BackboneConfig, trainer: TrainerConfig, seed: int
) -> CausalStudent:
    """Return a model that is ready to learn; seeds everything. Raises Unreachable where there is no backbone.

    A backbone that is an adapter which was saved here gets a new one on top of it, and stays as it is itself.
    """
    if backbone.four_bit and trainer.strategy is Strategy.fsdp:
        raise ConfigError(
            "backbone.four_bit=true: a base in 4 bits is not divided among devices: trainer.strategy=ddp."
        )
    keep_libraries_quiet()
    model, path = _model(task), backbones.locate(backbone)
    tokenizer = backbones.tokenizer(path, revision=backbone.revision)
    pl.seed_everything(seed, workers=True, verbose=False)
    network = backbones.network(
        path, revision=backbone.revision, four_bit=backbone.four_bit, allow_pickle=backbone.allow_pickle
    )
    network = backbones.with_adapter(network, backbone)
    if trainer.gradient_checkpointing:
        network.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        network.enable_input_require_grads()
    dialogues = [encode(model.turns(example), tokenizer=tokenizer) for example in arm.train]
    worse = [encode(turns, tokenizer=tokenizer) for example in arm.train if (turns := model.worse(example))]
    options: dict[str, Any] = {
        "lr": _lr(backbone),
        "warmup": trainer.warmup,
        "weight_decay": trainer.weight_decay,
    }
    tuner = PreferenceTuner(network, beta=trainer.dpo_beta, **options) if worse else CausalTuner(network, **options)
    return CausalStudent(task, model, backbone, trainer, tokenizer, tuner, dialogues, worse, seed)


def _lr(backbone: BackboneConfig) -> float:
    assert backbone.lr is not None, "the task's is filled in"
    return backbone.lr


def _model(task: Task) -> CausalModel:
    assert task.kind.conversation is not None, "checked with the backbone's kind"
    return task.kind.conversation()
