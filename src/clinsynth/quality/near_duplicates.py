"""Texts that say nearly the same as one before, found among millions: what is remembered of a text are numbers.

MinHash finds the pairs to look at (Broder 1997), as the library datasketch does it: the same hashes, bands and pairs.
What decides is the Jaccard similarity of the word triples. Hashes lie in files until they are needed, so that memory is
some dozen bytes a text, and as many more as it has others to be compared with.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHINGLE = 3
"""Words; a text that is shorter is one shingle."""

SLACK = 0.8
"""MinHash looks below the threshold by this factor, because it misses pairs that are just above its own."""

PERMUTATIONS, SEED = 128, 1
CHUNK = 4096
"""Texts that are hashed together."""

NONE = -1
"""In the place of the number of a text that another is like."""

_MIX = np.uint64(0x9E3779B97F4A7C15)

Numbers = NDArray[np.int64]


def shingles(text: Sequence[str]) -> frozenset[str]:
    """Return runs of `SHINGLE` words, of which near copies share most."""
    width = min(SHINGLE, len(text))
    return frozenset(" ".join(text[start : start + width]) for start in range(len(text) - width + 1))


def shingle_hashes(text: Sequence[str]) -> bytes:
    """Return 8 bytes of the sha1 of each shingle, one after another, each shingle once."""
    return b"".join(hashlib.sha1(shingle.encode()).digest()[:8] for shingle in shingles(text))


class NearDuplicates:
    """Takes texts one after another, then tells which of them are like one before that is kept."""

    def __init__(self, threshold: float, *, folder: Path | None = None) -> None:
        """Hashes are left in `folder` meanwhile, by default in that of the system for temporary files."""
        self.threshold = threshold
        self._folder = tempfile.TemporaryDirectory(prefix=".near-", dir=folder)
        self._waiting: list[bytes] = []
        self._lengths: list[Numbers] = []

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def add(self, hashes: bytes) -> None:
        """Take the next text, by its `shingle_hashes`."""
        self._waiting.append(hashes)
        if len(self._waiting) == CHUNK:
            self._spill()

    def twins(self) -> Numbers:
        """Return of each text the number of the first kept one that it is like, or `NONE`; those are rejected."""
        if self._waiting:
            self._spill()
        number = sum(map(len, self._lengths))
        twins = np.full(number, NONE, dtype=np.int64)
        if number == 0:
            return twins
        ends = np.cumsum(np.concatenate(self._lengths))
        hashes = np.memmap(self._file("shingles"), dtype=np.uint64, mode="r")
        buckets = _Buckets.of(self._repeated())
        for text in buckets.texts():
            others = buckets.members_with(text)
            like = _first_alike(text, others, hashes=hashes, ends=ends, threshold=self.threshold)
            if like == NONE:
                buckets.insert(text)
            else:
                twins[text] = like
        return twins

    def _file(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def _spill(self) -> None:
        """Write down the shingles of the waiting texts, and the key of each of their bands."""
        hashes = np.frombuffer(b"".join(self._waiting), dtype="<u8")
        lengths = np.fromiter((len(one) // 8 for one in self._waiting), dtype=np.int64, count=len(self._waiting))
        with self._file("shingles").open("ab") as file:
            hashes.tofile(file)
        number, rows = bands(SLACK * self.threshold)
        for band, keys in enumerate(band_keys(hashes, lengths, bands=number, rows=rows)):
            with self._file(f"band-{band}").open("ab") as file:
                keys.tofile(file)
        self._lengths.append(lengths)
        self._waiting.clear()

    def _repeated(self) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield of each band the texts that have a key in common with another, and the number of that key."""
        number, _ = bands(SLACK * self.threshold)
        for band in range(number):
            keys = np.fromfile(self._file(f"band-{band}"), dtype=np.uint64)
            order = np.argsort(keys, kind="stable")
            keys = keys[order]
            new = np.concatenate([[True], keys[1:] != keys[:-1]])
            alone = new & np.concatenate([new[1:], [True]])
            yield order[~alone], np.cumsum(new[~alone]) - 1


class _Buckets:
    """The texts that share a band with others; of each such bucket those that are kept so far."""

    def __init__(self, found: Numbers, buckets: Numbers) -> None:
        """`found` are texts, each as often as it is in a bucket, and `buckets` those, side by side."""
        order = np.argsort(found, kind="stable")
        self._texts, self._places = np.unique(found[order], return_index=True)
        self._places = np.append(self._places, len(found))
        self._buckets = buckets[order]
        sizes = np.bincount(buckets) if len(buckets) else np.zeros(0, dtype=np.int64)
        self._starts = np.cumsum(sizes) - sizes
        self._ends = self._starts.copy()
        self._members = np.empty(len(buckets), dtype=np.int64)
        self._own: Numbers = self._starts[:0]

    @classmethod
    def of(cls, bands: Iterable[tuple[Numbers, Numbers]]) -> _Buckets:
        """Return the buckets of all bands; each of them counts its own from 0."""
        texts, buckets, number = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], 0
        for found, of_band in bands:
            texts.append(found)
            buckets.append(of_band + number)
            number += int(of_band[-1]) + 1 if len(of_band) else 0
        return cls(np.concatenate(texts), np.concatenate(buckets))

    def texts(self) -> Iterator[int]:
        """Yield the texts in their order; the methods below are about the last one."""
        for place, text in enumerate(self._texts.tolist()):
            self._own = self._buckets[self._places[place] : self._places[place + 1]]
            yield text

    def members_with(self, text: int) -> Numbers:
        """Return the kept texts that share a bucket with it, in their order."""
        starts, ends = self._starts[self._own].tolist(), self._ends[self._own].tolist()
        found = [self._members[start:end] for start, end in zip(starts, ends, strict=True) if start < end]
        return np.unique(np.concatenate(found)) if found else self._members[:0]

    def insert(self, text: int) -> None:
        self._members[self._ends[self._own]] = text
        self._ends[self._own] += 1


def _first_alike(text: int, others: Numbers, *, hashes: NDArray[np.uint64], ends: Numbers, threshold: float) -> int:
    """Return the first of the others whose Jaccard similarity to the text is `threshold` or more, or `NONE`."""
    if len(others) == 0:
        return NONE
    own = _of(text, hashes, ends)
    parts = [_of(other, hashes, ends) for other in others.tolist()]
    lengths = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
    shared = np.add.reduceat(np.isin(np.concatenate(parts), own), np.cumsum(lengths) - lengths, dtype=np.int64)
    alike = shared / (len(own) + lengths - shared) >= threshold
    return int(others[alike.argmax()]) if alike.any() else NONE


def _of(text: int, hashes: NDArray[np.uint64], ends: Numbers) -> NDArray[np.uint64]:
    return hashes[ends[text - 1] if text else 0 : ends[text]]


def band_keys(hashes: NDArray[np.uint64], lengths: Numbers, *, bands: int, rows: int) -> NDArray[np.uint64]:
    """Return keys [bands, texts]: two texts share one where datasketch's MinHash has them in one bucket."""
    starts = np.cumsum(lengths) - lengths
    mixed = _mixed(hashes.astype(np.uint32))
    factors, summands = _permutations()
    keys = np.zeros((bands, len(lengths)), dtype=np.uint64)
    for place in range(bands * rows):
        least = np.minimum.reduceat(mixed * factors[place] + summands[place], starts)
        key = keys[place // rows]
        key *= _MIX
        key += least
    return keys


def _mixed(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the finalizer of MurmurHash3 of each value."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        values = (values ^ (values >> np.uint32(shift))) * np.uint32(factor)
    return values ^ (values >> np.uint32(16))


@lru_cache(maxsize=1)
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    from datasketch import MinHash  # a second, with the integrals of scipy

    factors, summands = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32").permutations
    return factors, summands


@lru_cache(maxsize=16)
def bands(threshold: float) -> tuple[int, int]:
    """Return how many bands of how many rows find most pairs above a similarity and fewest below."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    return index.b, index.r
