"""Dialogues packed into rows of one length, of which none sees another.

Places are counted from 0 within each dialogue; by them the attention of transformers tells packed texts apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from clinsynth.learning.causal.templates import IGNORED, Encoded
from clinsynth.learning.several import process

Row = list[Encoded]

SHARE = "share"
"""Of a batch, where several processes train: how much more than the others' its mean loss counts."""


def pack(dialogues: Sequence[Encoded], *, length: int, seed: int) -> list[Row]:
    """Return rows of dialogues that together have at most `length` pieces; a longer one is cut off.

    Each goes into the first row that has room for it (first fit by falling length); the rows are shuffled.
    """
    cut = [one.cut(length) for one in dialogues]
    rows: list[Row] = []
    room: list[int] = []
    for one in sorted((one for one in cut if one.learnt), key=len, reverse=True):
        place = next((number for number, left in enumerate(room) if left >= len(one)), None)
        if place is None:
            rows.append([])
            room.append(length)
            place = len(rows) - 1
        rows[place].append(one)
        room[place] -= len(one)
    random.Random(f"rows/{seed}").shuffle(rows)
    return rows


def tensors(rows: Sequence[Row], *, padding: int) -> dict[str, torch.Tensor]:
    """Return a batch: pieces, places and targets, [rows, longest row]; padding is a text of its own."""
    width = max(sum(map(len, row)) for row in rows)
    found: dict[str, list[list[int]]] = {"input_ids": [], "position_ids": [], "labels": []}
    for row in rows:
        left = width - sum(map(len, row))
        found["input_ids"].append([piece for one in row for piece in one.pieces] + [padding] * left)
        found["position_ids"].append([place for one in row for place in range(len(one))] + list(range(left)))
        # the first piece of a dialogue is not foretold by the last one of another
        found["labels"].append([t for one in row for t in (IGNORED, *one.targets[1:])] + [IGNORED] * left)
    return {name: torch.tensor(values) for name, values in found.items()}


class Batches:
    """The batches of all passes in a row; it says how far it is, and goes on from there.

    Of several processes that train together each gets its share of every batch. `weigh` says how much a row counts in
    the mean loss of its batch.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        *,
        collate: Callable[[Sequence[Any]], Any],
        weigh: Callable[[Any], int],
        batch_size: int,
        passes: int,
        seed: int,
    ) -> None:
        self.rows, self.collate, self.weigh = rows, collate, weigh
        self._batches = [
            batch for number in range(passes) for batch in _shuffled(len(rows), batch_size, f"{seed}/{number}")
        ]
        self.done = 0

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        for batch in self._batches[self.done :]:
            self.done += 1
            yield self._part([self.rows[number] for number in batch])

    def _part(self, rows: Sequence[Any]) -> dict[str, torch.Tensor]:
        """Return the rows of this process: with their `share` in the loss, by which means of parts become one mean.

        A process for which the batch is too small gets a row that counts for nothing.
        """
        place, processes = process()
        own = rows[place::processes]
        found: dict[str, torch.Tensor] = self.collate(own or rows[:1])
        if processes > 1:
            found[SHARE] = torch.tensor(processes * sum(map(self.weigh, own)) / sum(map(self.weigh, rows)))
        return found

    def state_dict(self) -> dict[str, Any]:
        return {"done": self.done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.done = int(state["done"])


def learnt(row: Row) -> int:
    """Return how many pieces of a row have a loss: the first of a dialogue is foretold by none."""
    return sum(target != IGNORED for one in row for target in one.targets[1:])


def _shuffled(number: int, size: int, seed: str) -> list[list[int]]:
    order = list(range(number))
    random.Random(seed).shuffle(order)
    return [order[start : start + size] for start in range(0, number, size)]
