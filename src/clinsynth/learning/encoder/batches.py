"""Batches of a bounded number of word pieces, padded to the longest of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

Batch = dict[str, NDArray[np.int64]]
"""Model inputs by name, [rows, pieces]."""


def token_batches(lengths: Sequence[int], *, most: int) -> list[list[int]]:
    """Return places in batches of at most `most` pieces with their padding, or of one row; the longest come first."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= most:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def padded(rows: Sequence[Mapping[str, Any]], *, tokenizer: PreTrainedTokenizerBase) -> Batch:
    """Return inputs of equal length, padded behind the text."""
    fill = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    longest = max(len(row["input_ids"]) for row in rows)
    return {name: _filled([row[name] for row in rows], longest, fill=fill.get(name, 0)) for name in rows[0]}


def _filled(rows: Sequence[Sequence[int]], longest: int, *, fill: int) -> NDArray[np.int64]:
    found = np.full((len(rows), longest), fill, dtype=np.int64)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found
