"""What training minimises: a loss of the likelihood of the labels, which may be wrong, and how much each one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from clinsynth.config import TrainerConfig
from clinsynth.config.training import CROSS_ENTROPY, GENERALISED
from clinsynth.errors import ConfigError

LOSSES = frozenset({CROSS_ENTROPY, GENERALISED})
"""Those of a head whose labels exclude each other."""


@dataclass(frozen=True)
class Objective:
    """The loss of a training."""

    loss: str = CROSS_ENTROPY
    q: float = 0.7
    """Of the generalised cross-entropy: towards 0 it is cross-entropy, 1 is the mean absolute error."""
    weighted: bool = False
    """Whether examples count by how sure their labels are."""

    @property
    def plain(self) -> bool:
        """Say whether it is the loss that a model computes itself."""
        return self.loss == CROSS_ENTROPY

    def mean(self, likelihood: torch.Tensor, *, weights: Sequence[torch.Tensor] = ()) -> torch.Tensor:
        """Return the mean loss of log-likelihoods, in which each counts by the product of its weights."""
        each = -likelihood if self.plain else (1 - (self.q * likelihood).exp()) / self.q
        if not weights:
            return each.mean()
        counts = prod(weights[1:], start=weights[0])
        return (each * counts).sum() / counts.sum().clamp(min=1e-6)


def objective(trainer: TrainerConfig, *, of: Any, task: str) -> Objective:
    """Return the loss that is asked for; raises ConfigError where the model `of` a task has no such."""
    if trainer.loss not in of.LOSSES:
        raise ConfigError(
            f"trainer.loss={trainer.loss} is of models that choose one label, of a word or of a text; {task} with this "
            "head gives each label a probability of its own: leave trainer.loss=cross_entropy."
        )
    if trainer.weights == "confidence" and not of.WEIGHTED:
        raise ConfigError(
            f"trainer.weights=confidence: with backbone.head=span {task} has no labels that say how sure they are; "
            "leave trainer.weights=none, or take backbone.head=token or word."
        )
    return Objective(trainer.loss, trainer.q, trainer.weights == "confidence")
