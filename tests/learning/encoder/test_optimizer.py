"""The optimizer gives the weights of AdamW."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.optim import AdamW
from transformers import get_linear_schedule_with_warmup

from clinsynth.learning.encoder.optimizer import RowAdamW, clip

STEPS = 60


class Tiny(nn.Module):
    """The mean of embedded pieces, through a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, 8, padding_idx=0)
        self.layer = nn.Linear(8, 3)

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        return self.layer(self.table(pieces).tanh().mean(1))


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Some rows are read at every step, some seldom, those from 30 on never."""
    drawn = torch.Generator().manual_seed(1)
    pieces = [(torch.rand(4, 5, generator=drawn) ** 3 * 30).long() for _ in range(STEPS)]
    return [(batch, torch.randint(3, (4,), generator=drawn)) for batch in pieces]


def trained(model: Tiny, optimizer: AdamW, *, largest: float, every: int = 1) -> None:
    schedule = get_linear_schedule_with_warmup(optimizer, 6, STEPS // every)
    model.train()
    for step, (pieces, wanted) in enumerate(batches(), 1):
        nn.functional.cross_entropy(model(pieces), wanted).backward()
        if step % every == 0:
            clip(list(model.parameters()), largest=largest)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()


@pytest.mark.parametrize(("largest", "every"), [(torch.inf, 1), (0.05, 1), (0.05, 3)])
def test_rows_end_where_adamw_moves_them(largest: float, every: int) -> None:
    torch.manual_seed(0)
    dense = Tiny()
    lazy = copy.deepcopy(dense)
    rest = [value for name, value in lazy.named_parameters() if name != "table.weight"]
    options = {"lr": 1e-2, "weight_decay": 0.1}
    rows = RowAdamW([{"params": rest}], table=lazy.table, decay=0.1, steps=STEPS // every, fused=True, **options)
    before = dense.table.weight.detach().clone()
    trained(dense, AdamW(dense.parameters(), **options), largest=largest, every=every)
    trained(lazy, rows, largest=largest, every=every)
    rows.catch_up()
    moved = (dense.table.weight - before).abs()
    assert moved.max() > 0.05
    for name, value in dense.named_parameters():
        apart = (value - lazy.get_parameter(name)).abs()
        assert apart.mean() < 3e-4 * moved.mean(), name  # rounding
        assert apart.max() < 0.01 * moved.max(), name  # a gradient near eps


def test_rows_that_are_not_read_wait() -> None:
    model = Tiny()
    optimizer = RowAdamW([{"params": model.layer.parameters()}], table=model.table, decay=0.1, steps=STEPS, lr=1e-2)
    before = model.table.weight.detach().clone()
    trained(model, optimizer, largest=1.0)
    assert torch.equal(model.table.weight[30:], before[30:])
    optimizer.catch_up()
    assert (model.table.weight[30:].abs() < before[30:].abs()).all()  # weight decay


def test_gradients_are_clipped_together() -> None:
    model = Tiny()
    model.table.sparse = True
    (model(torch.tensor([[1, 2, 2, 3, 4]])).square().sum() * 100).backward()
    clip(list(model.parameters()), largest=0.5)
    norms = [
        value.grad.to_dense().norm() if value.grad.is_sparse else value.grad.norm() for value in model.parameters()
    ]
    assert torch.stack(norms).norm().item() == pytest.approx(0.5, rel=1e-4)
