"""Which real texts are labelled: those that test does not hold, in the order in which they are picked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clinsynth.analysis.kept_embeddings import Embed
from clinsynth.config import Pick
from clinsynth.quality.filters import folded_texts
from clinsynth.quality.near_duplicates import NONE, NearDuplicates, shingle_hashes
from clinsynth.task import RealTexts
from clinsynth.text.words import folded
from clinsynth.types import Gold

IN_TEST, NEAR_TEST, OF_TEST, TWICE = "in test", "near test", "of abstracts of test", "twice"
"""Why texts are left out."""

Uncertainty = Callable[[Sequence[Any]], Sequence[float]]
"""Returns how much each example is wanted, such as how unsure a model is of it; the highest come first."""


@dataclass(frozen=True)
class Picking:
    """How texts are chosen among those that there are."""

    pick: Pick
    number: int | None
    rows: Sequence[int] | None
    """These alone, in their order; `None` where there is a draw."""
    seed: int
    near: float | None
    """Jaccard similarity from which a text counts as one of the test split; `None`: copies alone do."""


def picked(
    texts: Sequence[Any],
    *,
    how: Picking,
    gold: Gold,
    real: RealTexts,
    words: Callable[[Any], Sequence[str]],
    embed: Embed,
    uncertainty: Uncertainty | None = None,
) -> Gold:
    """Return gold with the texts that are to be labelled, and with the number of those that are left out.

    A smaller number of texts is the beginning of a larger one.
    """
    wanted = list(texts) if how.rows is None else [texts[row] for row in how.rows]
    reasons = _left_out(wanted, gold=gold, real=real, words=words, near=how.near)
    free = [text for text, reason in zip(wanted, reasons, strict=True) if reason is None]
    counts = Counter(reason for reason in reasons if reason)
    if how.rows is None:
        order = _order(free, how=how, embed=embed, uncertainty=uncertainty)
        free = [free[place] for place in order][: how.number]
    told = {reason: counts[reason] for reason in (IN_TEST, NEAR_TEST, OF_TEST, TWICE) if counts[reason]}
    return replace(gold, texts=tuple(free), left_out=told)


def _left_out(
    texts: Sequence[Any], *, gold: Gold, real: RealTexts, words: Callable[[Any], Sequence[str]], near: float | None
) -> list[str | None]:
    """Return for each text why it is left out; `None` where it is not."""
    test = folded_texts(gold.held_out, words=words)
    documents = {found for example in gold.held_out if (found := real.document(example))}
    alike = _near(texts, gold.held_out, words=words, threshold=near)
    seen: set[tuple[str, ...]] = set()
    reasons: list[str | None] = []
    for text, is_near in zip(texts, alike, strict=True):
        own = folded(words(text))
        checks = {
            IN_TEST: own in test or text.text in gold.withheld,
            OF_TEST: real.document(text) in documents,
            NEAR_TEST: is_near,
            TWICE: own in seen,
        }
        seen.add(own)
        reasons.append(next((reason for reason, holds in checks.items() if holds), None))
    return reasons


def _near(
    texts: Sequence[Any], test: Sequence[Any], *, words: Callable[[Any], Sequence[str]], threshold: float | None
) -> list[bool]:
    """Say of each text whether it is one of the test split but for a few words."""
    if threshold is None or not test:
        return [False] * len(texts)
    with closing(NearDuplicates(threshold)) as compared:
        for example in (*test, *texts):
            compared.add(shingle_hashes(folded(words(example))))
        twins = compared.twins().tolist()[len(test) :]
    return [twin != NONE and twin < len(test) for twin in twins]


def _order(texts: Sequence[Any], *, how: Picking, embed: Embed, uncertainty: Uncertainty | None) -> list[int]:
    """Return the places of texts, those first that are wanted most."""
    places = list(range(len(texts)))
    random.Random(how.seed).shuffle(places)
    if not texts or (how.pick is Pick.random and uncertainty is None):
        return places
    if how.pick is Pick.novel:
        return _novel([texts[place].text for place in places], places, embed=embed, number=how.number or len(texts))
    assert uncertainty is not None
    unsure = uncertainty([texts[place] for place in places])
    return [place for _, place in sorted(zip(unsure, places, strict=True), key=lambda found: -found[0])]


def _novel(texts: Sequence[str], places: Sequence[int], *, embed: Embed, number: int) -> list[int]:
    """Return the places so that each text is as far as may be from all before it (Sener and Savarese 2018)."""
    vectors = embed(texts)
    near = np.full(len(texts), -np.inf, dtype=np.float32)
    order: list[int] = []
    following = int((vectors @ vectors.mean(axis=0)).argmax())  # the most usual text is the first
    for _ in range(min(number, len(texts))):
        order.append(following)
        near = np.maximum(near, vectors @ vectors[following])
        near[following] = np.inf
        following = int(near.argmin())
    return [places[place] for place in order]
