"""How long training takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clinsynth.config import TrainerConfig


@dataclass(frozen=True)
class Schedule:
    """How long training takes, known before it starts."""

    epochs: int
    steps: int


def schedule(examples: int, *, batch_size: int, trainer: TrainerConfig) -> Schedule:
    """Return `epochs`, or more of them where the data is so small that `min_steps` would not be reached.

    A step of the optimizer takes `accumulate` batches.
    """
    per_epoch = math.ceil(math.ceil(examples / batch_size) / trainer.accumulate)
    epochs = min(max(trainer.epochs, math.ceil(trainer.min_steps / per_epoch)), trainer.max_epochs)
    return Schedule(epochs=epochs, steps=epochs * per_epoch)
