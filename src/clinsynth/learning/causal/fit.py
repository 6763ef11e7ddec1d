"""One fine-tuning run of a causal model: checkpoints on the way, and how it goes on from one."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, ModelCheckpoint

from clinsynth.config import TrainerConfig
from clinsynth.learning.causal.module import CausalTuner
from clinsynth.learning.causal.packing import Batches
from clinsynth.learning.encoder.fit import Bar, Losses, interruptible, last_loss, lightning
from clinsynth.learning.learner import Measured
from clinsynth.learning.several import Notes, strategy

LAST = "last"


def fit(
    tuner: CausalTuner,
    *,
    batches: Batches,
    trainer: TrainerConfig,
    report: Callable[[Measured], None],
    resume: Path | None,
) -> None:
    """Train over all batches, from the checkpoint in `resume` where there is one; `report` gets losses.

    On several devices a process each trains, and losses are reported when they have ended.
    """
    with tempfile.TemporaryDirectory(prefix="clinsynth-") as scratch:
        folder = resume or Path(scratch)
        last = folder / f"{LAST}.ckpt"
        keeps = ModelCheckpoint(
            dirpath=folder,
            filename=LAST,
            every_n_train_steps=trainer.checkpoint_steps,
            save_on_train_epoch_end=False,
            enable_version_counter=False,
        )
        shown = Bar(refresh_rate=5) if sys.stderr.isatty() else _Lines()
        several = len(trainer.devices) > 1
        noted = Notes(Path(scratch) / "losses.jsonl")
        options = {"strategy": strategy(trainer), "default_root_dir": scratch} if several else {}
        losses = Losses(noted if several else report)
        callbacks: list[Callback] = [losses, keeps, shown, *([_KeepsLast(last)] if resume else [])]
        runner = lightning(trainer, epochs=1, callbacks=callbacks, **options)
        if last.is_file():
            print(f"training goes on from the checkpoint {last}", flush=True)
        tuner.batches = batches
        if several:
            tuner.cpu()  # from where each process takes it to its device
        with interruptible(runner):
            runner.fit(tuner, train_dataloaders=batches, ckpt_path=str(last) if last.is_file() else None)
        if several:
            report(noted.read())


class _KeepsLast(Callback):
    """Writes the end of training down, so that nothing is trained again where what comes after it fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.save_checkpoint(self.path)


class _Lines(Callback):
    """A line for each `EVERY` seconds, where there is no terminal for a bar."""

    EVERY = 10.0
    _told = -1
    """The step of the last line."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._last = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        if time.monotonic() - self._last >= self.EVERY:
            self._last = time.monotonic()
            self._line(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step != self._told:
            self._line(trainer, pl_module)

    def _line(self, trainer: pl.Trainer, tuner: pl.LightningModule) -> None:
        steps, self._told = int(trainer.estimated_stepping_batches), trainer.global_step
        print(f"step {trainer.global_step}/{steps} train/loss {last_loss(tuner):.3f}", file=sys.stderr, flush=True)
