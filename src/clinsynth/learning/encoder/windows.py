"""Texts as windows that a model can read, whatever their length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from transformers import PreTrainedTokenizerBase


def ranges(lengths: Sequence[int], *, room: int, overlap: float) -> list[tuple[range, range]]:
    """Return the words of each window, and those of them that are read in this one.

    `lengths` are the pieces of each word. Every word is read exactly once: two windows meet in the middle of what they
    have in common. A word that has more pieces than there is room stands alone.
    """
    if not lengths:
        return []
    found: list[range] = []
    start = 0
    while start < len(lengths):
        end, used = start, 0
        while end < len(lengths) and (used + lengths[end] <= room or end == start):
            used += lengths[end]
            end += 1
        if found and end <= found[-1].stop:  # the next word does not fit beside what is shared: begin with it
            start = end
            continue
        found.append(range(start, end))
        if end == len(lengths):
            break
        shared, following = 0, end
        while following - 1 > start and shared + lengths[following - 1] <= overlap * room:
            following -= 1
            shared += lengths[following]
        start = following
    meets = [(before.stop + after.start) // 2 for before, after in pairwise(found)]
    starts, ends = [0, *meets], [*meets, len(lengths)]
    return [(words, range(first, last)) for words, first, last in zip(found, starts, ends, strict=True)]


def inputs(pieces: Any, row: int, *, tokenizer: PreTrainedTokenizerBase) -> dict[str, list[int]]:
    """Return what a model takes of one row of a tokenizer's output."""
    return {name: pieces[name][row] for name in tokenizer.model_input_names if name in pieces}
