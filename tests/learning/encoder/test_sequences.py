from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinsynth.learning.encoder import sequences

TEXTS = ["the mother of the boy", "the", "the telangiectasiatelangiectasia in the boy"]
TARGETS: list[dict[str, Any]] = [{"labels": [1.0, 0.0]}, {"labels": [0.0, 0.0], "weight": 0.5}, {"labels": 1}]


def encoded(texts: list[str], tokenizer: Any, *, max_length: int = 64) -> list[sequences.Encoded]:
    return sequences.encode(texts, [{"labels": 0}] * len(texts), tokenizer=tokenizer, max_length=max_length)


def test_inputs_are_the_pieces_and_the_targets(tokenizer: Any) -> None:
    items = sequences.encode(TEXTS, TARGETS, tokenizer=tokenizer, max_length=64)
    for text, target, item in zip(TEXTS, TARGETS, items, strict=True):
        assert item.inputs == dict(tokenizer(text)) | target
        assert len(item) == len(item.inputs["input_ids"])
        assert item.words_lost == 0


def test_no_texts_are_encoded_to_nothing(tokenizer: Any) -> None:
    assert encoded([], tokenizer) == []


def test_targets_that_do_not_pair_are_refused(tokenizer: Any) -> None:
    with pytest.raises(ValueError, match="zip"):
        sequences.encode(TEXTS, TARGETS[:2], tokenizer=tokenizer, max_length=64)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("the " * 10, 0),  # twelve pieces: ten words of one piece each, and the two that frame a text
        ("the " * 11, 1),
        ("the " * 100, 90),
        ("the " * 8 + "telangiectasiatelangiectasia the the", 3),  # a word that is cut is lost
        ("telangiectasiatelangiectasia" * 3, 1),
        ("the", 0),
    ],
)
def test_words_that_are_cut_off_are_counted(text: str, lost: int, tokenizer: Any) -> None:
    items = encoded([text, "the"], tokenizer, max_length=12)
    assert [item.words_lost for item in items] == [lost, 0]
    assert len(items[0]) <= 12
    assert sequences.lost([text, "the"], encoded=items) == lost


def test_a_batch_is_padded_and_its_targets_are_tensors(tokenizer: Any) -> None:
    items = sequences.encode(TEXTS[:2], [{"labels": [1.0, 0.0], "weight": 0.5}] * 2, tokenizer=tokenizer, max_length=64)
    batch = sequences.collator(tokenizer)([item.inputs for item in items])
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (2, len(items[0]))
    assert batch["attention_mask"].sum(1).tolist() == [len(item) for item in items]
    assert (batch["input_ids"][1, len(items[1]) :] == tokenizer.pad_token_id).all()
    assert batch["labels"].tolist() == [[1, 0], [1, 0]]
    assert batch["weight"].tolist() == [0.5, 0.5]


def test_a_head_has_an_output_for_each_label(tiny_backbone: Path) -> None:
    found = sequences.build(str(tiny_backbone), labels=["no", "maybe", "yes"])
    assert found.config.id2label == {0: "no", 1: "maybe", 2: "yes"}
    assert found.config.label2id == {"no": 0, "maybe": 1, "yes": 2}
    assert found.num_labels == 3
    assert found.config.problem_type is None
    other = sequences.build(str(tiny_backbone), labels=["no"], problem_type="multi_label_classification")
    assert other.config.problem_type == "multi_label_classification"
