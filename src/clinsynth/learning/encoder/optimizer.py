"""AdamW for encoders: on a processor it updates those rows of the word embeddings alone that a batch has read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributed.tensor import DTensor
from torch.optim import AdamW

WINDOW = 512
"""Steps after which the momentum of a row that is not read has died away: (0.9 / sqrt(0.999)) ** 512 is 1e-23."""


class RowAdamW(AdamW):
    """AdamW whose rows of an embedding table wait until they are read.

    AdamW moves every row at each step, read or not: by its momentum, and by weight decay. While the gradient of a row
    is zero all of that is known beforehand, so that it is made up for in one go when the row is next read (`catch_up`),
    and the weights are those of AdamW but for rounding, and for `eps` (1e-8) where a gradient is as small.
    Half of a small encoder is its table, of which a batch reads 2%.
    """

    def __init__(
        self, groups: Iterable[dict[str, Any]], *, table: nn.Embedding, decay: float, steps: int, **options: Any
    ) -> None:
        """Take groups of parameters without those of the table, which has a weight decay of its own."""
        super().__init__(groups, **options)
        table.sparse = True
        self.table = _Table(table.weight, decay=decay, steps=steps)
        table.register_forward_pre_hook(lambda module, inputs: self._before(module, inputs[0]))

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        loss = super().step(closure)
        self.table.step(lr=self.param_groups[0]["lr"])
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        super().zero_grad(set_to_none)
        self.table.weight.grad = None

    def catch_up(self) -> None:
        """Bring all rows up to date: whatever reads the weights but the model's training needs it."""
        self.table.catch_up_all()

    def _before(self, module: nn.Module, pieces: torch.Tensor) -> None:
        if module.training:
            self.table.catch_up(torch.unique(pieces))


class _Table:
    """Rows with their moments, each as of the step at which it was last brought up to date."""

    BETAS = (0.9, 0.999)
    EPS = 1e-8

    def __init__(self, weight: torch.Tensor, *, decay: float, steps: int) -> None:
        self.weight, self.decay = weight, decay
        self.first, self.second = torch.zeros_like(weight), torch.zeros_like(weight)
        self.now = 0
        self.seen = torch.zeros(len(weight), dtype=torch.long)
        self.learnt = torch.zeros(len(weight), dtype=torch.bool)
        # By the step at which a row was last seen: what weight decay has left of it since, the weight of its first
        # moment over the root of its second in what momentum has moved it since, and how much of that ratio is left.
        self.left, self.moved, self.ratio = np.ones(steps + 1), np.zeros(steps + 1), np.ones(steps + 1)

    def catch_up(self, rows: torch.Tensor) -> None:
        """Move rows as AdamW would have in the steps since they were last read."""
        rows = rows[self.seen[rows] < self.now]
        if not len(rows):
            return
        seen = self.seen[rows]
        missed = (self.now - seen).to(self.weight.dtype)[:, None]
        first, second = self.first[rows], self.second[rows]
        left, moved = (_column(values, seen, like=self.weight) for values in (self.left, self.moved))
        # As it is in the first step that was missed, in which momentum moves most.
        epsilon = self.EPS * (1 - self.BETAS[1] ** (seen[:, None] + 1)).to(second.dtype).sqrt()
        with torch.no_grad():
            self.weight[rows] = self.weight[rows] * left - moved * first / (second.sqrt() + epsilon)
        self.first[rows] = first * self.BETAS[0] ** missed
        self.second[rows] = second * self.BETAS[1] ** missed
        self.seen[rows] = self.now

    @torch.no_grad()
    def catch_up_all(self) -> None:
        """Move all rows; those that had no gradient yet, most of them, have decayed and nothing else."""
        left = torch.where(self.learnt[:, None], 1.0, _column(self.left, self.seen, like=self.weight))
        self.weight.mul_(left)
        self.seen[~self.learnt] = self.now
        self.catch_up(self.learnt.nonzero()[:, 0])

    @torch.no_grad()
    def step(self, *, lr: float) -> None:
        """Update the rows that have a gradient, which `catch_up` has seen before."""
        self._count(lr=lr)
        if self.weight.grad is None:
            return
        gradient = self.weight.grad.coalesce()
        rows, values = gradient.indices()[0], gradient.values()
        first = self.first[rows].lerp_(values, 1 - self.BETAS[0])
        second = self.second[rows].mul_(self.BETAS[1]).addcmul_(values, values, value=1 - self.BETAS[1])
        root = second.sqrt().div_((1 - self.BETAS[1] ** self.now) ** 0.5).add_(self.EPS)
        moved = self.weight[rows].mul_(1 - lr * self.decay)
        self.weight[rows] = moved.addcdiv_(first, root, value=-lr / (1 - self.BETAS[0] ** self.now))
        self.first[rows], self.second[rows], self.seen[rows], self.learnt[rows] = first, second, self.now, True

    def _count(self, *, lr: float) -> None:
        """Note what this step does to a row that has no gradient, by the step at which it was last seen."""
        before, recent = slice(0, self.now + 1), slice(max(0, self.now + 1 - WINDOW), self.now + 1)
        self.now += 1
        beta1, beta2 = self.BETAS
        self.left[before] *= 1 - lr * self.decay
        self.moved[before] *= 1 - lr * self.decay
        self.ratio[recent] *= beta1 / beta2**0.5
        self.moved[recent] += lr * (1 - beta2**self.now) ** 0.5 / (1 - beta1**self.now) * self.ratio[recent]


def _column(values: np.ndarray[Any, Any], seen: torch.Tensor, *, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(values[seen.numpy()]).to(like.dtype)[:, None]


def clip(parameters: Sequence[nn.Parameter], *, largest: float) -> None:
    """Scale all gradients down so that their norm is at most `largest`; those of an embedding may be sparse."""
    gradients = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
            gradients.append(parameter.grad.values())
        elif parameter.grad is not None:
            gradients.append(parameter.grad)
    norm = nn.utils.get_total_norm(gradients)
    norm = norm.full_tensor() if isinstance(norm, DTensor) else norm  # of gradients that are divided among processes
    if norm > largest:  # else a pass over all of them for nothing
        torch._foreach_mul_(gradients, float(largest / (norm + 1e-6)))
