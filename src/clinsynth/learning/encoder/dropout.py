"""Dropout for processors: one random byte decides on an element.

PyTorch draws a number for each element, and its fused attention leaves its fast way where weights are dropped. On two
cores that was a fifth of a training step of a small encoder. Rates are rounded to 1/256 and outputs scaled by what is
really kept, so that they stay unbiased.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

LEVELS = 256
"""Values of a byte."""

ATTENTION = "clinsynth_cpu"
"""The name of `attend` among transformers' attention functions."""


class ByteDropout(nn.Dropout):
    """Dropout of tensors of any shape, on a processor."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return drop(values, rate=self.p) if self.training else values


def drop(values: torch.Tensor, *, rate: float) -> torch.Tensor:
    """Return the values with a share of them, `rate`, set to zero at random, and the others scaled up."""
    dropped = round(rate * LEVELS)
    if not dropped:
        return values
    if dropped >= LEVELS:
        return values * 0
    kept = _random_bytes(values.shape).ge_(dropped).to(values.dtype).mul_(LEVELS / (LEVELS - dropped))
    return values * kept


def _random_bytes(shape: torch.Size) -> torch.Tensor:
    """Return uniform random bytes, out of the global generator: eight of them a number that it draws."""
    number = math.prod(shape)
    drawn = torch.empty((number + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
    return drawn.view(torch.uint8)[:number].view(shape)


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Return what each position reads, [batch, positions, heads, size]; queries are [batch, heads, positions, size].

    Where weights are dropped they are computed one by one, else by PyTorch's fused attention, which is faster then.
    """
    if not (module.training and dropout):
        read: torch.Tensor = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **options
        )[0]
        return read, None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = torch.matmul(query * scale, key.transpose(2, 3))
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = drop(torch.softmax(scores, dim=-1).to(value.dtype), rate=dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


def use_bytes(model: PreTrainedModel) -> None:
    """Give a model this dropout, and this attention where its architecture lets one choose; neither is ever saved."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Dropout:
                parent.register_module(name, ByteDropout(child.p).train(child.training))
    if model.config._attn_implementation == "sdpa":
        ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attend)
        ALL_MASK_ATTENTION_FUNCTIONS.register(ATTENTION, eager_mask)
        model.set_attn_implementation(ATTENTION)
