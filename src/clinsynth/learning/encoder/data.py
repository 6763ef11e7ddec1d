"""Encoded examples in batches of similar length."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from clinsynth.learning.several import part

FILLER = -1
"""The place of an example that counts for nothing: of a process for which a batch is too small."""


class Encodings(Dataset[dict[str, Any]]):
    """Model inputs, each with its place, so that outputs find their example again."""

    def __init__(self, encoded: Sequence[Any]) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: int) -> dict[str, Any]:
        inputs: dict[str, Any] = self.encoded[index].inputs
        return inputs | {"index": index}


class LengthBatches(Sampler[list[int]]):
    """Batches of neighbours in length: little padding, and still another order every epoch.

    Examples are shuffled, sorted by length inside pools of `POOL` batches, and the batches are
    shuffled. Without `seed` the order is by length, longest first, for inference.

    A batch has `batch_size` examples; with `even` it has as many pieces as so many examples have in the mean, so that
    all words count the same where a loss is the mean over the words of a batch, and all steps take as long.
    """

    POOL = 32

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int | None = None, even: bool = False) -> None:
        self.lengths, self.batch_size, self.seed, self.even = lengths, batch_size, seed, even
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = list(range(len(self.lengths)))
        if self.seed is None:
            return iter(self._cut(sorted(order, key=lambda index: -self.lengths[index])))
        shuffler = random.Random(f"{self.seed}/{self.epoch}")
        self.epoch += 1
        shuffler.shuffle(order)
        size = self.POOL * self.batch_size
        pools = (order[start : start + size] for start in range(0, len(order), size))
        cut = self._cut_evenly if self.even else self._cut
        batches = [batch for pool in pools for batch in cut(sorted(pool, key=lambda index: self.lengths[index]))]
        shuffler.shuffle(batches)
        return iter(batches)

    def _cut(self, order: Sequence[int]) -> list[list[int]]:
        return [list(order[start : start + self.batch_size]) for start in range(0, len(order), self.batch_size)]

    def _cut_evenly(self, order: Sequence[int]) -> list[list[int]]:
        """Return as many batches as `_cut` does, none of them empty."""
        ends = np.cumsum([self.lengths[index] for index in order])
        number = math.ceil(len(order) / self.batch_size)
        nth = np.arange(1, number)
        cuts = np.searchsorted(ends, ends[-1] * nth / number)
        cuts = np.maximum.accumulate(np.maximum(cuts - nth, 0)) + nth
        cuts = np.minimum(cuts, len(order) - number + nth)
        return [part.tolist() for part in np.split(np.asarray(order), cuts)]


class InTurn(Sampler[list[int]]):
    """Batches of two parts, one after the other: all passes over the first part, then all those over the second.

    What Lightning calls an epoch is a share of this row, of as many batches as one pass over both parts has.
    """

    def __init__(self, lengths: Sequence[int], *, first: int, epochs: int, **options: Any) -> None:
        """Take the options of `LengthBatches`, of each part."""
        early, late = (LengthBatches(part, **options) for part in (lengths[:first], lengths[first:]))
        self._row = [batch for _ in range(epochs) for batch in early]
        self._row += [[first + place for place in batch] for _ in range(epochs) for batch in late]
        self._each, self._epoch, self._epochs = len(early) + len(late), 0, epochs

    def __len__(self) -> int:
        return self._each

    def __iter__(self) -> Iterator[list[int]]:
        start = self._epoch % self._epochs * self._each
        self._epoch += 1
        return iter(self._row[start : start + self._each])


class Parts(Sampler[list[int]]):
    """The part of each batch that this process learns, where several train together."""

    def __init__(self, batches: Sampler[list[int]]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[list[int]]:
        return (part(batch, filler=FILLER) for batch in self.batches)


class FineTuningData(pl.LightningDataModule):
    """Encoded training examples and, to choose a checkpoint, devel examples."""

    def __init__(
        self,
        *,
        train: Sequence[Any],
        devel: Sequence[Any],
        batch_size: int,
        collator: Callable[..., Any],
        seed: int,
        first: int = 0,
        epochs: int = 1,
        even: bool = False,
    ) -> None:
        """The `first` of the training examples are learnt before the others: for as many passes as those, `epochs`.

        With `even`, batches that are learnt have as many pieces each, in the place of as many examples.
        """
        super().__init__()
        self.first, self.epochs, self.even = first, epochs, even
        self.train, self.devel = train, devel
        self.batch_size, self.collator, self.seed = batch_size, collator, seed

    def train_dataloader(self) -> DataLoader[Any]:
        if not self.first:
            return self.loader(self.train, seed=self.seed)
        batches = InTurn(
            [len(item) for item in self.train],
            first=self.first,
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=self.seed,
            even=self.even,
        )
        return self._batched(self.train, Parts(batches))

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        return self.loader(self.devel) if self.devel else []

    def loader(self, encoded: Sequence[Any], *, seed: int | None = None) -> DataLoader[Any]:
        """Return batches in training order with `seed`, else for inference (no gradients: four times as large)."""
        size = self.batch_size if seed is not None else 4 * self.batch_size
        batches = LengthBatches([len(item) for item in encoded], batch_size=size, seed=seed, even=self.even)
        return self._batched(encoded, batches if seed is None else Parts(batches))

    def _batched(self, encoded: Sequence[Any], batches: Sampler[list[int]]) -> DataLoader[Any]:
        pinned = torch.cuda.is_available()  # copied to the GPU while it works
        return DataLoader(Encodings(encoded), batch_sampler=batches, collate_fn=self.collator, pin_memory=pinned)
