"""Direct preference optimization (Rafailov et al. 2023): the better of two answers gains on the worse one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy, logsigmoid

from clinsynth.learning.causal.module import CausalTuner
from clinsynth.learning.causal.packing import tensors
from clinsynth.learning.causal.templates import IGNORED, Encoded


@dataclass(frozen=True)
class Pair:
    """Two answers to a question, with how likely the model found them before it was trained."""

    better: Encoded
    worse: Encoded
    margin: float
    """The log-likelihood of the better one minus that of the worse one."""


def pair_tensors(pairs: Sequence[Pair], *, padding: int) -> dict[str, torch.Tensor]:
    """Return a batch: the rows of the better answers, then those of the worse ones, and the margins."""
    rows = [[pair.better] for pair in pairs] + [[pair.worse] for pair in pairs]
    return tensors(rows, padding=padding) | {"margins": torch.tensor([pair.margin for pair in pairs])}


def one_each(pair: Pair) -> int:
    """Return how much a pair counts in the loss of its batch."""
    return 1


class PreferenceTuner(CausalTuner):
    """The loss falls as the margin between two answers grows beyond that of the model before."""

    def __init__(self, model: Any, *, beta: float, **options: Any) -> None:
        super().__init__(model, **options)
        self.beta = beta

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        margins, labels = batch.pop("margins"), batch.pop("labels")
        logits = self.model(**batch, use_cache=False).logits
        each = cross_entropy(
            logits[:, :-1].float().transpose(1, 2), labels[:, 1:], ignore_index=IGNORED, reduction="none"
        )
        better, worse = (-each.sum(dim=1)).chunk(2)
        loss: torch.Tensor = -logsigmoid(self.beta * (better - worse - margins)).mean()
        return loss
