"""Lengths and variety of texts."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Any

from clinsynth.tasks.base import SynthesisRoom


def compare(examples: Sequence[Any], *, gold: Sequence[Any], room: SynthesisRoom) -> dict[str, dict[str, float]]:
    """Statistics by name for `synthetic` and, where there is any, `gold`."""
    texts = {"synthetic": examples} | ({"gold": gold} if gold else {})
    words = {name: [room.words(example) for example in found] for name, found in texts.items()}
    window = min(sum(map(len, found)) for found in words.values())
    return {
        name: {
            "examples": len(found),
            "words, mean": statistics.fmean(map(len, found)) if found else 0.0,
            "words, deviation": statistics.pstdev(map(len, found)) if found else 0.0,
            f"different words among {window}": _different_words(found, window=window),
        }
        | room.statistics(texts[name])
        for name, found in words.items()
    }


def distinct(texts: Sequence[Sequence[str]], *, n: int) -> float:
    """Different ones among all runs of `n` words (distinct-n, Li et al. 2016), in 0..1; it falls with their number."""
    runs = [tuple(words[at : at + n]) for words in texts for at in range(len(words) - n + 1)]
    folded = {tuple(word.casefold() for word in run) for run in runs}
    return len(folded) / len(runs) if runs else 0.0


def _different_words(texts: Sequence[Sequence[str]], *, window: int) -> int:
    """Types in a random `window` of tokens: the type-token ratio falls with length, so lengths have to agree."""
    order = list(texts)
    random.Random(0).shuffle(order)
    return len({word.casefold() for word in [word for text in order for word in text][:window]})
