"""Membership inference: whether a model gives away which examples it has learnt from.

By the loss (Yeom et al. 2018), and by the loss beside that of neighbours, in which some words are other ones (Mattern
et al. 2023): a text that is easy has easy neighbours, and one that was learnt by heart has not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.scoring import draws, interval
from clinsynth.task import Examples
from clinsynth.types import Metrics

PREFIX = "membership/"
LOSS, NEIGHBOURS = "loss", "neighbours"

FALSE = 0.01
"""Share of others that may be taken for members where the worst case is measured."""
RESAMPLES, LEVEL = 1000, 0.95
REPLACED = 0.15
"""Share of the words that are other ones in a neighbour; one at least."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Attack:
    """Scores that are to tell members from others: the higher a score, the likelier a member."""

    members: Scores
    others: Scores

    @property
    def auc(self) -> float:
        """Return how often a member scores higher than another example; 0.5 is guessing."""
        return float(_wins(self).mean())

    def spread(self, *, seed: int) -> tuple[float, float]:
        """Return the 95% interval of `auc` when members and others are drawn anew (percentile bootstrap)."""
        of_members, of_others = (
            draws(len(side), RESAMPLES, seed + place) / len(side)
            for place, side in enumerate((self.members, self.others))
        )
        return interval(((of_members @ _wins(self)) * of_others).sum(axis=1), LEVEL)

    @property
    def allowed(self) -> int:
        """Return how many others may be taken for members in the worst case: 1% of them, and one at least."""
        return max(1, int(FALSE * len(self.others)))

    @property
    def worst(self) -> float:
        """Return the share of members that is found where no more others are than `allowed`."""
        ranked = np.sort(self.others)[::-1]
        least = ranked[self.allowed] if self.allowed < len(ranked) else -np.inf
        return float((self.members > least).mean())

    def roc(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return false and true positive rates as the threshold falls."""
        from sklearn.metrics import roc_curve  # takes seconds

        truth = np.repeat([1, 0], [len(self.members), len(self.others)])
        false, true, _ = roc_curve(truth, np.concatenate([self.members, self.others]))
        return false, true

    def metrics(self, name: str, *, seed: int) -> Metrics:
        """Return them by their names in MLflow."""
        low, high = self.spread(seed=seed)
        found = {"auc": self.auc, "auc_low": low, "auc_high": high}
        found |= {"true_positives": self.worst, "false_positives": self.allowed / len(self.others)}
        return {f"{PREFIX}{name}_{what}": value for what, value in found.items()}


def _wins(attack: Attack) -> NDArray[np.float64]:
    """Return [members, others]: 1 where the member scores higher, a half where they are even."""
    members, others = attack.members[:, None], attack.others[None]
    found: NDArray[np.float64] = (members > others) + 0.5 * (members == others)
    return found


def altered(
    examples: Sequence[Any], *, of: Examples, words: Sequence[str], number: int, seed: int = 0
) -> list[list[Any]]:
    """Return so many neighbours of each example, with its labels; what is marked in a text stays."""
    draw = random.Random(f"neighbours/{seed}")
    return [[of.from_json(_altered(example, words=words, draw=draw)) for _ in range(number)] for example in examples]


def _altered(example: Any, *, words: Sequence[str], draw: random.Random) -> dict[str, Any]:
    row = example.to_json()
    if "tokens" in row:
        free = [place for place, tag in enumerate(row["tags"]) if tag == "O"]
        tokens = list(row["tokens"])
        for place in _drawn(free, draw):
            tokens[place] = draw.choice(words)
        return dict(row) | {"tokens": tokens}
    marked = [(entity["start"], entity["end"]) for entity in example.entities()]
    found = [word.span() for word in re.finditer(r"\w+", row["text"])]
    free_places = [(a, b) for a, b in found if not any(a < end and start < b for start, end in marked)]
    text = row["text"]
    for start, end in sorted(_drawn(free_places, draw), reverse=True):
        text = text[:start] + draw.choice(words) + text[end:]
    return dict(row) | {"text": text}


def _drawn(places: Sequence[Any], draw: random.Random) -> list[Any]:
    return draw.sample(places, min(len(places), max(1, round(REPLACED * len(places)))))
