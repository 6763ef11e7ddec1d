"""Texts as windows that a model can read, whatever their length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Reader:
    """How a model reads."""

    tokenizer: PreTrainedTokenizerBase
    labels: tuple[str, ...]
    """Names in the order of its outputs."""
    markers: tuple[str, ...]
    """Words that each of its texts has once; empty for a model that needs none."""
    size: int
    """Word pieces of a window, with the special ones."""
    overlap: float
    """Share of a window that it has in common with the next one."""

    @property
    def room(self) -> int:
        """Return how many pieces of text a window holds."""
        return self.size - int(self.tokenizer.num_special_tokens_to_add())


@dataclass(frozen=True)
class Window:
    """A part of a text, as model inputs."""

    inputs: dict[str, list[int]]
    pieces: tuple[int, ...] | None = None
    """Places whose outputs count; None where there is one output for all of it."""

    def __len__(self) -> int:
        return len(self.inputs["input_ids"])


@dataclass(frozen=True)
class Cut:
    """A text in windows."""

    text: str
    windows: tuple[Window, ...]
    """None for a text without words."""
    places: tuple[tuple[int, int], ...] = ()
    """The characters `start` to `end` in `text` of the word of each piece that counts, window by window."""
    error: str = ""
    """Why the model cannot read the text."""


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
