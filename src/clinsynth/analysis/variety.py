"""Lengths and variety of texts."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from sacrebleu.metrics.bleu import BLEU

from clinsynth.task import Examples


def compare(examples: Sequence[Any], *, gold: Sequence[Any], of: Examples) -> dict[str, dict[str, float]]:
    """Return statistics by name for `synthetic` and, where there is any, `gold`."""
    texts = {"synthetic": examples} | ({"gold": gold} if gold else {})
    lengths = {name: [len(of.words(example)) for example in found] for name, found in texts.items()}
    window = min(map(sum, lengths.values()))
    return {
        name: {
            "examples": len(found),
            "words, mean": statistics.fmean(found) if found else 0.0,
            "words, deviation": statistics.pstdev(found) if found else 0.0,
            f"different words among {window}": _different_words(texts[name], window=window, of=of),
        }
        | of.statistics(texts[name])
        for name, found in lengths.items()
    }


def distinct(texts: Sequence[Sequence[str]], *, n: int) -> float:
    """Different ones among all runs of `n` words (distinct-n, Li et al. 2016), in 0..1; it falls with their number."""
    runs = [tuple(words[at : at + n]) for words in texts for at in range(len(words) - n + 1)]
    folded = {tuple(word.casefold() for word in run) for run in runs}
    return len(folded) / len(runs) if runs else 0.0


def self_bleu(texts: Sequence[Sequence[str]]) -> float:
    """Mean BLEU-4 of each text against all others (Zhu et al. 2018), in 0..1: 1 is the same text again and again.

    It rises with the number of texts, which has to be equal where texts are compared.
    """
    if len(texts) < 2:
        return 0.0
    lines = [" ".join(words) for words in texts]
    bleu = BLEU(tokenize="none", effective_order=True)  # texts of fewer than four words have no runs of four
    scores = (bleu.sentence_score(line, [*lines[:at], *lines[at + 1 :]]).score for at, line in enumerate(lines))
    return statistics.fmean(scores) / 100


def beginning(texts: Iterable[Sequence[str]], *, tokens: int) -> list[Sequence[str]]:
    """Return the first so many words, text by text."""
    found: list[Sequence[str]] = []
    for words in texts:
        if tokens <= 0:
            break
        found.append(words[:tokens])
        tokens -= len(words)
    return found


def _different_words(examples: Sequence[Any], *, window: int, of: Examples) -> int:
    """Types in a random `window` of tokens: the type-token ratio falls with length, so lengths have to agree."""
    order = list(range(len(examples)))
    random.Random(0).shuffle(order)
    texts = (of.words(examples[place]) for place in order)
    return len({word.casefold() for words in beginning(texts, tokens=window) for word in words})
