"""Batches hold every row once and no more pieces than there is room for."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.learning.encoder.batches import padded, token_batches


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 120))
def test_every_row_is_in_one_batch_that_has_room_for_it(lengths: list[int], most: int) -> None:
    batches = token_batches(lengths, most=most)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= most
    longest = [max(lengths[place] for place in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


def test_little_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(5, 90, 600).tolist()
    batches = token_batches(lengths, most=512)
    with_padding = sum(len(batch) * max(lengths[place] for place in batch) for batch in batches)
    assert with_padding < 1.03 * sum(lengths)


def test_rows_are_padded_behind_their_end(tokenizer: Any) -> None:
    texts = ["mild ataxia", "gout", "no gout was seen today"]
    pieces = tokenizer(texts)
    names = [name for name in tokenizer.model_input_names if name in pieces]
    rows = [{name: pieces[name][row] for name in names} for row in range(3)]
    wanted = tokenizer.pad(rows, return_tensors="np", padding_side="right")
    found = padded(rows, tokenizer=tokenizer)
    assert found.keys() == wanted.keys()
    for name in found:
        assert found[name].tolist() == wanted[name].tolist()
