"""One fine-tuning run: the trainer, its length, its precision, and what it reports on the way."""

from __future__ import annotations

import logging
import math
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import transformers
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, TQDMProgressBar

from clinsynth.config import Strategy, TrainerConfig
from clinsynth.learning import hardware
from clinsynth.learning.encoder.data import FineTuningData
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.schedule import schedule
from clinsynth.learning.learner import Fitted, Measured
from clinsynth.learning.several import Notes, strategy


def fit(
    tuner: BaseFineTuner,
    *,
    data: FineTuningData,
    config: TrainerConfig,
    report: Callable[[Measured], None],
) -> tuple[pl.Trainer, Fitted]:
    """Train; return what predicts with the trained module, too.

    Afterwards `tuner` has the weights of the best epoch on devel, or the last ones, or the mean of those of several.
    `report` gets what was measured, once an epoch, and of several devices, of which a process each trains, at the end.
    """
    length = schedule(len(data.train), batch_size=data.batch_size, trainer=config)
    several = len(config.devices) > 1
    with tempfile.TemporaryDirectory(prefix="clinsynth-") as folder:
        best = ModelCheckpoint(dirpath=folder, monitor=tuner.metric, mode="max", save_weights_only=True)
        noted = Notes(Path(folder) / "measured.jsonl")
        reporter = _Epochs(noted if several else report, metric=tuner.metric)
        averaged = Average(config.average) if config.average > 1 else None
        chosen: list[Callback] = [averaged] if averaged else [best] if data.devel else []
        options = {"strategy": strategy(config, unused=True)} if several else {}
        trainer = lightning(config, epochs=length.epochs, callbacks=[reporter, *chosen, _progress()], **options)
        if several:
            tuner.cpu()  # from where each process takes it to its device
        with interruptible(trainer):
            trainer.fit(tuner, datamodule=data)
        if best.best_model_path:
            tuner.load_state_dict(torch.load(best.best_model_path, weights_only=True)["state_dict"])
        score = None if best.best_model_score is None else float(best.best_model_score)
        if several:
            report(noted.read())
            trainer, score = alone(config), _best(noted.read(), metric=tuner.metric) if best.best_model_path else None
    return trainer, Fitted(texts=length.epochs * len(data.train), devel_score=score)


def alone(config: TrainerConfig) -> pl.Trainer:
    """Return what predicts with trained weights, on the first of several devices."""
    first = [] if config.accelerator == "cpu" else config.devices[:1]
    return lightning(replace(config, devices=first, strategy=Strategy.ddp), epochs=1, callbacks=[_progress()])


def _best(measured: Measured, *, metric: str) -> float | None:
    return max((value for name, value, _ in measured if name == metric), default=None)


def predict(trainer: pl.Trainer, tuner: BaseFineTuner, *, data: FineTuningData, encoded: Sequence[Any]) -> list[Any]:
    """Return the outputs of the examples, in their order."""
    with interruptible(trainer):
        batches: list[Any] = trainer.predict(tuner, data.loader(encoded)) or []
    found = {index: output for batch in batches for index, output in batch.items()}
    return [found[index] for index in range(len(encoded))]


@contextmanager
def interruptible(trainer: pl.Trainer) -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, where Lightning would exit with status 1."""
    try:
        yield
    except SystemExit as stop:
        if not trainer.interrupted:
            raise
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Lightning has set it to be ignored
        raise KeyboardInterrupt from stop


def keep_libraries_quiet() -> None:
    """Silence the libraries' tips, and their bars over what takes no time."""
    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*custom batch sampler.*",
        ".*no `val_dataloader`.*",
        ".*LeafSpec.*",
        ".*across ranks is zero.*",
        ".*is_gradient_checkpointing.*",
        ".*sync_dist=True.*",  # each of several processes scores all of devel
        ".*returned a view tensor.*",  # which nothing changes in place
        ".*`srun` command is available.*",  # where Slurm is, and this is no job of it
    ):
        warnings.filterwarnings("ignore", message)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def lightning(config: TrainerConfig, *, epochs: int, callbacks: list[Callback], **options: Any) -> pl.Trainer:
    """Return what trains, with further options of Lightning's; it leaves checkpoints where a callback is for them."""
    # With NaN, at each allocation; nothing here reads it.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return pl.Trainer(
        max_epochs=epochs,
        accelerator=config.accelerator,
        devices=hardware.devices(config),
        accumulate_grad_batches=config.accumulate,
        precision=hardware.precision(config),  # type: ignore[arg-type]
        gradient_clip_val=config.gradient_clip,
        deterministic="warn",
        callbacks=callbacks,
        enable_progress_bar=any(isinstance(callback, TQDMProgressBar) for callback in callbacks),
        enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
        enable_model_summary=False,
        logger=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        plugins=[LightningEnvironment()],  # where Slurm is, Lightning would take its signals, or tell to use srun
        **options,
    )


class Average(Callback):
    """The mean of the weights at the end of each of the last epochs (Izmailov et al. 2018), once training has ended."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self._mean: list[torch.Tensor] = []
        self._taken = 0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the weights of an epoch that counts."""
        if trainer.current_epoch + self.epochs < (trainer.max_epochs or 0):
            return
        assert isinstance(pl_module, BaseFineTuner)
        pl_module.catch_up()
        weights = [value.detach() for value in pl_module.model.parameters()]
        self._taken += 1
        pairs = zip(self._mean or weights, weights, strict=True)
        self._mean = [mean + (value - mean) / self._taken for mean, value in pairs]

    @torch.no_grad()
    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the model the mean."""
        assert isinstance(pl_module, BaseFineTuner)
        if self._mean:
            for value, mean in zip(pl_module.model.parameters(), self._mean, strict=True):
                value.copy_(mean)


def _progress() -> Callback:
    """Return a bar in a terminal, a line an epoch elsewhere (a log, a sweep side by side)."""
    return Bar(refresh_rate=5) if sys.stderr.isatty() else _Lines()


class Bar(TQDMProgressBar):
    """Lightning's bar, with what `_shown` says."""

    def get_metrics(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> dict[str, Any]:
        return _shown(trainer, pl_module)


def _shown(trainer: pl.Trainer, tuner: pl.LightningModule) -> dict[str, float]:
    """Return the loss of the last batch, and the score on devel where there is one."""
    return {"train/loss": last_loss(tuner), **trainer.progress_bar_metrics}


def last_loss(tuner: pl.LightningModule) -> float:
    """Return the loss of the last batch."""
    assert isinstance(tuner, BaseFineTuner)
    return float(tuner.last_loss)


class _Lines(Callback):
    """A line for the first epoch and the last one, and between them for those that end `EVERY` seconds after a line."""

    EVERY = 10.0

    def __init__(self) -> None:
        self._last = -math.inf

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        now, epoch = time.monotonic(), trainer.current_epoch + 1
        if epoch != trainer.max_epochs and now - self._last < self.EVERY:
            return
        self._last = now
        shown = " ".join(f"{name} {value:.3f}" for name, value in _shown(trainer, pl_module).items())
        print(f"epoch {epoch}/{trainer.max_epochs} {shown}", file=sys.stderr, flush=True)


class Losses(Callback):
    """Hands over the loss of every tenth step."""

    EVERY = 10

    def __init__(self, report: Callable[[Measured], None]) -> None:
        self.report = report
        self._step = 0

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Hand over the loss once a step, which may take several batches."""
        stepped, self._step = trainer.global_step != self._step, trainer.global_step
        if stepped and self._step % self.EVERY == 0:
            self.report([("train/loss", last_loss(pl_module), self._step)])


class _Epochs(Losses):
    """Hands over losses and the devel score of every epoch, together."""

    def __init__(self, report: Callable[[Measured], None], *, metric: str) -> None:
        self.measured: Measured = []
        super().__init__(self.measured.extend)
        self.hand_over, self.metric = report, metric

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.metric in trainer.callback_metrics:
            self.measured.append((self.metric, float(trainer.callback_metrics[self.metric]), trainer.global_step))
        self.hand_over(list(self.measured))
        self.measured.clear()
