"""Whether texts carry a mark: green tokens are counted, and more of them than chance gives is evidence (z, one-sided).

Kirchenbauer et al. 2023. Short texts say little each, so those of a corpus are counted together, each pair of tokens
once: a phrase that comes again is no new evidence.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from clinsynth.types import Metrics

PREFIX = "watermark/"

LEVEL = 0.01
"""The share of unmarked texts that is taken for marked, as far as the normal distribution holds."""
CRITICAL = 2.3263478740408408
"""The z of `LEVEL`."""

LENGTHS = (10, 20, 40, 80, 160, 320, 640, 1280)
EDITED = 160
"""Pairs of tokens in the pieces that are edited."""
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
"""Shares of the words, or texts, that are edited."""
FEWEST = 5
"""Pieces that a rate is of, at least."""

Pair = tuple[int, int]
"""A token and the one behind it."""
Lists = Callable[[Pair], bool]
"""Says whether the second token is green behind the first one."""
Tokens = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Evidence:
    """Pairs of tokens, how many of them are green, and the share that is green by chance."""

    scored: int
    green: int
    share: float

    @property
    def z(self) -> float:
        """Return by how many standard deviations there are more green pairs than by chance; 0 without pairs."""
        spread = math.sqrt(self.scored * self.share * (1 - self.share))
        return (self.green - self.scored * self.share) / spread if spread else 0.0

    @property
    def p(self) -> float:
        """Return how likely unmarked texts reach this z: the survival function of the normal distribution."""
        return math.erfc(self.z / math.sqrt(2)) / 2

    @property
    def metrics(self) -> Metrics:
        """Return them by their names in MLflow."""
        found = {"pairs": self.scored, "green": self.green / max(self.scored, 1), "expected": self.share}
        return {f"{PREFIX}{name}": float(value) for name, value in (found | {"z": self.z, "p": self.p}).items()}


@dataclass(frozen=True)
class Rate:
    """The shares of pieces of text that are taken for marked: by the key that is asked about, and by others."""

    x: float
    """Their length in pairs, or the share that was edited."""
    found: float
    false: float
    pieces: int


@dataclass(frozen=True)
class Keys:
    """The key that is asked about beside others, which have marked nothing: what they find is false."""

    tokens: Tokens
    own: Lists
    others: Sequence[Lists]
    share: float

    def evidence(self, texts: Iterable[str]) -> Evidence:
        """Count the green pairs of all texts together."""
        return _count(_pairs(texts, self.tokens), self.own, self.share)

    def rate(self, pieces: Sequence[Sequence[Pair]], *, x: float) -> Rate:
        """Return how many pieces are taken for marked."""
        own = [_count(piece, self.own, self.share).z >= CRITICAL for piece in pieces]
        false = [_count(piece, other, self.share).z >= CRITICAL for other in self.others for piece in pieces]
        return Rate(x, _mean(own), _mean(false), len(pieces))


def by_length(texts: Sequence[str], *, keys: Keys) -> list[Rate]:
    """Return the rates of pieces of each length, for which texts are put together in their order."""
    pairs = _pairs(texts, keys.tokens)
    cut = {length: [pairs[at : at + length] for at in range(0, len(pairs) - length + 1, length)] for length in LENGTHS}
    return [keys.rate(pieces, x=length) for length, pieces in cut.items() if len(pieces) >= FEWEST]


def by_edits(texts: Sequence[str], *, keys: Keys, words: Sequence[str], seed: int = 0) -> dict[str, list[Rate]]:
    """Return the rates of pieces of `EDITED` pairs after words are left out or replaced, or whole texts left out.

    Random edits stand in for a paraphrase, which may do more; texts that are left out, for filters of quality. `words`
    take the place of others; nobody has marked them.
    """
    pieces = _pieces(texts, tokens=keys.tokens)
    if len(pieces) < FEWEST:
        return {}
    found: dict[str, list[Rate]] = {}
    for name, edit in _EDITS.items():
        draw = random.Random(f"{name}/{seed}")
        edited = {share: [edit(piece, share, words, draw) for piece in pieces] for share in SHARES}
        found[name] = [
            keys.rate([_pairs(piece, keys.tokens) for piece in several], x=share) for share, several in edited.items()
        ]
    return found


Edit = Callable[[Sequence[str], float, Sequence[str], random.Random], list[str]]


def _words_left_out(texts: Sequence[str], share: float, words: Sequence[str], draw: random.Random) -> list[str]:
    return [" ".join(word for word in text.split() if draw.random() >= share) for text in texts]


def _words_replaced(texts: Sequence[str], share: float, words: Sequence[str], draw: random.Random) -> list[str]:
    return [" ".join(draw.choice(words) if draw.random() < share else word for word in text.split()) for text in texts]


def _texts_left_out(texts: Sequence[str], share: float, words: Sequence[str], draw: random.Random) -> list[str]:
    return [text for text in texts if draw.random() >= share]


_EDITS: dict[str, Edit] = {
    "words left out": _words_left_out,
    "words replaced": _words_replaced,
    "texts left out": _texts_left_out,
}


def _pieces(texts: Sequence[str], *, tokens: Tokens) -> list[list[str]]:
    """Return texts in groups of about `EDITED` pairs."""
    found: list[list[str]] = [[]]
    held = 0
    for text in texts:
        found[-1].append(text)
        held += len(tokens(text))
        if held >= EDITED:
            found, held = [*found, []], 0
    return found[:-1]


def _pairs(texts: Iterable[str], tokens: Tokens) -> list[Pair]:
    """Return the different pairs of neighbours of all texts, in the order in which they come first."""
    return list(dict.fromkeys(chain.from_iterable(pairwise(tokens(text)) for text in texts)))


def _count(pairs: Sequence[Pair], lists: Lists, share: float) -> Evidence:
    return Evidence(len(pairs), sum(map(lists, pairs)), share)


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else 0.0
