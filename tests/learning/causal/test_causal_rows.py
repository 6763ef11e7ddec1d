"""Dialogues become pieces of which the assistant's are learnt, and rows in which none sees another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from clinsynth.errors import ConfigError
from clinsynth.learning.causal import backbones, packing, tiny
from clinsynth.learning.causal.templates import IGNORED, Encoded, encode, ends, messages, prompt

TURNS = ("What is gout?", "A disease of joints.", "Is it bad?", "It hurts.")
MARKED = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As that of many backbones is."""

CHANGING = "{% for message in messages %}{{ message.content | upper }}{% endfor %}"


@pytest.fixture
def tokenizer(cache_home: Path) -> Any:
    return backbones.tokenizer(str(tiny.tiny_llama()), revision=None)


def said(found: Encoded, tokenizer: Any) -> str:
    return str(tokenizer.decode([target for target in found.targets if target != IGNORED]))


def test_only_what_the_assistant_says_is_learnt_with_the_end_of_its_turns(tokenizer: Any) -> None:
    assert said(encode(TURNS, tokenizer=tokenizer), tokenizer) == " A disease of joints.</s> It hurts.</s>"
    assert ends(tokenizer=tokenizer, generation=_generation()) == [tokenizer.eos_token_id]
    tokenizer.add_tokens(["<|im_start|>", "<|im_end|>"], special_tokens=True)
    tokenizer.chat_template = MARKED
    assert said(encode(TURNS, tokenizer=tokenizer), tokenizer) == "A disease of joints.<|im_end|>It hurts.<|im_end|>"
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ends(tokenizer=tokenizer, generation=_generation())


def test_what_is_asked_is_the_beginning_of_what_is_learnt(tokenizer: Any) -> None:
    """Else a model would go on from pieces that it has never seen."""
    whole = encode(TURNS, tokenizer=tokenizer)
    asked = prompt(messages(TURNS[:3]), tokenizer=tokenizer)
    assert list(whole.pieces[: len(asked)]) == asked
    assert whole.targets[len(asked)] != IGNORED
    assert whole.targets[len(asked) - 1] == IGNORED


def test_a_template_that_changes_what_is_said_is_refused(tokenizer: Any) -> None:
    tokenizer.chat_template = CHANGING
    with pytest.raises(ConfigError, match="the chat template of the backbone does not say 'What is gout"):
        encode(TURNS, tokenizer=tokenizer)


def test_a_backbone_without_a_template_gets_one(tokenizer: Any, tmp_path: Path) -> None:
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    again = backbones.tokenizer(str(tmp_path), revision=None)
    assert said(encode(TURNS, tokenizer=again), again) == " A disease of joints.</s> It hurts.</s>"


def test_rows_hold_every_dialogue_once_and_are_not_longer_than_they_may_be() -> None:
    dialogues = [Encoded((n,) * n, (n,) * n) for n in (3, 7, 2, 9, 4, 30)] + [Encoded((1, 1), (IGNORED, IGNORED))]
    rows = packing.pack(dialogues, length=10, seed=0)
    assert sorted(len(one) for row in rows for one in row) == [2, 3, 4, 7, 9, 10]
    assert all(sum(map(len, row)) <= 10 for row in rows)
    assert len(rows) == 4
    assert packing.pack(dialogues, length=10, seed=0) == rows


def test_a_packed_dialogue_is_read_as_it_is_alone(tokenizer: Any) -> None:
    network = backbones.network(str(tiny.tiny_llama())).eval()
    one, other = encode(TURNS, tokenizer=tokenizer), encode(TURNS[2:], tokenizer=tokenizer)
    batch = packing.tensors([[one, other], [one]], padding=tokenizer.pad_token_id)
    targets = batch.pop("labels")
    with torch.inference_mode():
        packed = network(**batch, use_cache=False).logits
        alone = network(input_ids=torch.tensor([other.pieces])).logits
    assert torch.allclose(packed[0, len(one) :], alone[0], atol=1e-4)
    moved = network(input_ids=torch.tensor([[*one.pieces, *other.pieces]]), use_cache=False).logits
    assert not torch.allclose(moved[0, len(one) :], alone[0], atol=1e-4)  # as it would be with cross-talk
    learnt = [target for target in targets.flatten().tolist() if target != IGNORED]
    assert len(learnt) == 2 * one.learnt + other.learnt


def test_batches_go_on_from_where_they_were() -> None:
    made: dict[str, Any] = {"collate": list, "weigh": int, "batch_size": 2, "passes": 2, "seed": 0}
    whole = list(packing.Batches(range(5), **made))
    assert len(whole) == 6
    assert sorted(row for batch in whole[:3] for row in batch) == [0, 1, 2, 3, 4]
    assert whole[:3] != whole[3:]
    first = packing.Batches(range(5), **made)
    read = iter(first)
    before = [next(read), next(read)]
    second = packing.Batches(range(5), **made)
    second.load_state_dict(first.state_dict())
    assert before + list(second) == whole


def _generation() -> Any:
    from transformers import GenerationConfig

    return GenerationConfig(eos_token_id=None)
