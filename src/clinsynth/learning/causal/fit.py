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

LAST = "last"


def fit(
    tuner: CausalTuner,
    *,
    batches: Batches,
    trainer: TrainerConfig,
    report: Callable[[Measured], None],
    resume: Path | None,
) -> None:
    """Train over all batches, from the checkpoint in `resume` where there is one; `report` gets losses."""
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
        runner = lightning(trainer, epochs=1, callbacks=[Losses(report), keeps, shown])
        if last.is_file():
            print(f"training goes on from the checkpoint {last}", flush=True)
        tuner.batches = batches
        with interruptible(runner):
            runner.fit(tuner, train_dataloaders=batches, ckpt_path=str(last) if last.is_file() else None)


class _Lines(Callback):
    """A line for each `EVERY` seconds, where there is no terminal for a bar."""

    EVERY = 10.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._last = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        if time.monotonic() - self._last >= self.EVERY:
            self._last = time.monotonic()
            self._line(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._line(trainer, pl_module)

    def _line(self, trainer: pl.Trainer, tuner: pl.LightningModule) -> None:
        steps = int(trainer.estimated_stepping_batches)
        print(f"step {trainer.global_step}/{steps} train/loss {last_loss(tuner):.3f}", file=sys.stderr, flush=True)
