"""Made-up numbers that are put into gold and looked for in what comes of it (Carlini et al. 2019)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.task import Examples
from clinsynth.types import Metrics

PREFIX = "canaries/"

NAME, DIGITS = "Canary", 9
"""A canary is the word and a number of so many digits, which nobody has written by chance."""

LEVEL = 0.01
"""The p below which a model is said to know canaries."""

ALTERNATIVES = 100
"""Numbers that are not in gold, among whose losses that of a canary is ranked."""


def codes(number: int, *, seed: int) -> list[str]:
    """Return the numbers of so many canaries; of a smaller number those of a larger one come first."""
    return _drawn(random.Random(f"canaries/{seed}"), number)


def alternatives(code: str) -> list[str]:
    """Return numbers that are as likely as a canary's, and stand nowhere."""
    return [other for other in _drawn(random.Random(f"alternatives/{code}"), ALTERNATIVES + 1) if other != code][
        :ALTERNATIVES
    ]


def _drawn(draw: random.Random, number: int) -> list[str]:
    return [f"{draw.randrange(10 ** (DIGITS - 1), 10**DIGITS)}" for _ in range(number)]


def carriers(examples: Sequence[Any], *, number: int, seed: int) -> list[Any]:
    """Return the examples of which a copy gets a canary; the same one comes again where there are too few."""
    order = random.Random(f"carriers/{seed}").sample(range(len(examples)), len(examples))
    return [examples[order[place % len(order)]] for place in range(number)]


def carrying(example: Any, code: str, *, of: Examples) -> Any:
    """Return a copy of an example that begins with a canary; its labels are those of the example."""
    row, words = example.to_json(), [NAME, code, ":"]
    text = f"{NAME} {code}: "
    if "tokens" in row:
        row |= {"tokens": [*words, *row["tokens"]], "tags": ["O"] * len(words) + list(row["tags"])}
        moved = [[start + len(words), end + len(words), label] for start, end, label in row.get("spans", ())]
        return of.from_json(row | ({"spans": moved} if moved else {}))
    if "turns" in row:  # it is the answers that are learnt
        said = [text + turn if place == 1 else turn for place, turn in enumerate(row["turns"])]
        return of.from_json(row | {"turns": said})
    return of.from_json(row | {"text": text + row["text"]})


def stand_in(wanted: Iterable[str], text: str) -> set[str]:
    """Return the numbers that stand in a text, also where something stands between their digits."""
    digits = re.sub(r"[\W_]+", "", text)
    return {code for code in wanted if code in digits}


@dataclass(frozen=True)
class Exposure:
    """Losses of canaries in a model beside those of other numbers [canaries, 1 + alternatives], the canary's first."""

    losses: NDArray[np.float64]

    @property
    def ranks(self) -> NDArray[np.float64]:
        """Return the rank of each canary, from 1, the least surprising; even ones share the middle."""
        own, others = self.losses[:, :1], self.losses[:, 1:]
        found: NDArray[np.float64] = 1 + (others < own).sum(axis=1) + 0.5 * (others == own).sum(axis=1)
        return found

    @property
    def metrics(self) -> Metrics:
        """Return exposures in bits, mean and most, and p: how likely ranks are so low where nothing is known."""
        number, of = self.losses.shape
        bits = math.log2(of) - np.log2(self.ranks)
        chance = math.log2(of) - float(np.log2(np.arange(1, of + 1)).mean())
        lower = (0.5 - float(((self.ranks - 0.5) / of).mean())) * math.sqrt(12 * number)
        found = {"exposure": float(bits.mean()), "exposure_most": float(bits.max()), "exposure_chance": chance}
        found |= {"exposure_possible": math.log2(of), "p": math.erfc(lower / math.sqrt(2)) / 2}
        return {f"{PREFIX}{name}": value for name, value in found.items()}
