from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.learning.encoder.data import FineTuningData, InTurn, LengthBatches

LENGTHS = st.lists(st.integers(1, 50), max_size=60)
DRAWN = random.Random(0)
MANY = [DRAWN.randint(5, 150) for _ in range(700)]


@dataclass
class Item:
    inputs: dict[str, Any]

    def __len__(self) -> int:
        return len(self.inputs["input_ids"])


def items(*lengths: int) -> list[Item]:
    return [Item({"input_ids": [number] * length}) for number, length in enumerate(lengths)]


def data(train: list[Item], devel: list[Item], *, batch_size: int = 2, seed: int = 0) -> FineTuningData:
    return FineTuningData(train=train, devel=devel, batch_size=batch_size, collator=list, seed=seed)


@given(LENGTHS, st.integers(1, 9), st.one_of(st.none(), st.integers(0, 5)))
def test_every_example_is_in_one_batch(lengths: list[int], size: int, seed: int | None) -> None:
    batches = LengthBatches(lengths, batch_size=size, seed=seed)
    for _ in range(2):
        found = list(batches)
        assert len(found) == len(batches)
        assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
        assert all(1 <= len(batch) <= size for batch in found)


def test_every_epoch_has_another_order() -> None:
    batches = LengthBatches(MANY, batch_size=16, seed=0)
    first, second = list(batches), list(batches)
    assert first != second
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}


def test_the_seed_gives_the_orders() -> None:
    one, same, other = (LengthBatches(MANY, batch_size=16, seed=seed) for seed in (1, 1, 2))
    first, second = (list(one), list(one)), (list(same), list(same))
    assert first == second
    assert list(other) != first[0]


def padding(batches: list[list[int]]) -> int:
    return sum(max(MANY[index] for index in batch) - MANY[index] for batch in batches for index in batch)


def test_neighbours_in_length_share_a_batch() -> None:
    shuffled = random.Random(0).sample(range(len(MANY)), len(MANY))
    unsorted = [shuffled[start : start + 16] for start in range(0, len(MANY), 16)]
    assert padding(list(LengthBatches(MANY, batch_size=16, seed=0))) < padding(unsorted) / 5


def test_batches_are_not_in_order_of_length() -> None:
    longest = [max(MANY[index] for index in batch) for batch in LengthBatches(MANY, batch_size=16, seed=0)]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))


def test_inference_takes_the_longest_first() -> None:
    batches = LengthBatches([3, 9, 1, 9, 4], batch_size=2)
    assert list(batches) == [[1, 3], [4, 0], [2]]
    assert list(batches) == list(batches)


def test_outputs_find_their_example_again() -> None:
    examples = items(3, 9, 1)
    found = [item for batch in data(examples, []).loader(examples) for item in batch]
    assert [item["index"] for item in found] == [1, 0, 2]
    assert all(item["input_ids"] == examples[item["index"]].inputs["input_ids"] for item in found)
    assert all("index" not in item.inputs for item in examples)


@pytest.mark.parametrize(("seed", "sizes"), [(0, [2] * 5), (None, [8, 2])])
def test_batches_without_gradients_are_larger(seed: int | None, sizes: list[int]) -> None:
    loader = data([], []).loader(items(*range(1, 11)), seed=seed)
    assert [len(batch) for batch in loader] == sizes


def test_no_devel_examples_mean_no_validation() -> None:
    assert data(items(1, 2), []).val_dataloader() == []
    assert sum(len(batch) for batch in data(items(1, 2), items(1, 2, 3)).val_dataloader()) == 3


def test_training_data_is_drawn_with_the_seed() -> None:
    examples = items(*range(1, 30))
    orders = [
        [item["index"] for batch in data(examples, [], seed=seed).train_dataloader() for item in batch]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(("first", "epochs"), [(40, 3), (5, 2), (69, 1)])
def test_one_part_is_learnt_before_the_other(first: int, epochs: int) -> None:
    batches = InTurn(MANY[:70], batch_size=8, seed=0, first=first, epochs=epochs)
    row = [batch for _ in range(epochs) for batch in batches]
    assert len(row) == epochs * len(batches)
    early = [all(place < first for place in batch) for batch in row]
    assert early == sorted(early, reverse=True)
    assert sorted(place for batch in row for place in batch) == sorted([*range(70)] * epochs)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 5))
def test_even_batches_are_as_many_and_none_is_empty(lengths: list[int], size: int, seed: int) -> None:
    batches = LengthBatches(lengths, batch_size=size, seed=seed, even=True)
    found = list(batches)
    assert len(found) == len(batches)
    assert all(found)
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))


def test_even_batches_have_as_many_pieces_each() -> None:
    pieces = [sum(MANY[index] for index in batch) for batch in LengthBatches(MANY, batch_size=16, seed=0, even=True)]
    assert max(pieces) < 1.5 * min(pieces)
    assert sum(pieces) == sum(MANY)
