"""Dropout by bytes is dropout, and attention with it is attention."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForTokenClassification

from clinsynth.learning.encoder import dropout
from clinsynth.learning.encoder.dropout import ByteDropout, attend, drop


def test_kept_values_are_scaled_to_the_same_mean() -> None:
    torch.manual_seed(0)
    values = torch.ones(1000, 997)
    found = ByteDropout(0.1)(values)
    assert (found == 0).float().mean().item() == pytest.approx(26 / 256, abs=1e-3)
    assert found.mean().item() == pytest.approx(1, abs=1e-3)
    assert found.unique().tolist() == pytest.approx([0.0, 256 / 230])


def test_it_draws_from_the_seeded_generator() -> None:
    layer = ByteDropout(0.5)
    torch.manual_seed(3)
    first, second = layer(torch.ones(99)), layer(torch.ones(99))
    torch.manual_seed(3)
    assert torch.equal(layer(torch.ones(99)), first)
    assert not torch.equal(first, second)


def test_gradients_pass_where_values_do() -> None:
    values = torch.ones(200, requires_grad=True)
    found = drop(values, rate=0.5)
    found.sum().backward()
    assert torch.equal(values.grad, found.detach())


@pytest.mark.parametrize(("rate", "left"), [(0.0, 1.0), (1.0, 0.0)])
def test_all_or_nothing(rate: float, left: float) -> None:
    assert ByteDropout(rate)(torch.ones(7)).mean().item() == left


def test_nothing_is_dropped_outside_training() -> None:
    assert torch.equal(ByteDropout(0.5).eval()(torch.ones(50)), torch.ones(50))


def test_attention_is_that_of_pytorch_but_for_dropout() -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 7, 8) for _ in range(3))
    mask = torch.zeros(2, 1, 7, 7)
    mask[1, ..., 5:] = torch.finfo(torch.float32).min
    wanted = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2)
    module = nn.Module()
    assert torch.allclose(attend(module.eval(), query, key, value, mask, dropout=0.1)[0], wanted, atol=1e-6)
    module.train()
    assert torch.allclose(attend(module, query, key, value, mask, dropout=1 / 1024)[0], wanted, atol=1e-6)
    drawn = torch.stack([attend(module, query, key, value, mask, dropout=0.1)[0] for _ in range(2000)])
    assert not torch.allclose(drawn[0], wanted, atol=1e-3)
    assert torch.allclose(drawn.mean(0), wanted, atol=0.06)


def test_a_model_that_has_it_scores_and_saves_as_before(tiny_bert: Path, tmp_path: Path) -> None:
    model = AutoModelForTokenClassification.from_pretrained(tiny_bert)
    pieces = torch.tensor([[2, 5, 6, 7, 3]])
    before = model.eval()(input_ids=pieces).logits
    dropout.use_bytes(model.train())
    assert any(isinstance(module, ByteDropout) for module in model.modules())
    assert not torch.equal(model(input_ids=pieces).logits, model(input_ids=pieces).logits)
    assert torch.allclose(model.eval()(input_ids=pieces).logits, before, atol=1e-5)
    model.save_pretrained(tmp_path)
    assert dropout.ATTENTION not in (tmp_path / "config.json").read_text()
    again = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    assert torch.allclose(again(input_ids=pieces).logits, before, atol=1e-5)
