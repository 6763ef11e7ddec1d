"""Synthetic text beside gold, in numbers: figure 4 of Tang et al. 2023, and what it leaves to the eye."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.analysis import copies, detection, intervals, leakage, maps, mentions, neighbours, variety
from clinsynth.text.words import folded
from clinsynth.types import Metrics

SYNTHETIC, TRAIN, TEST, DEVEL = "synthetic", "train", "test", "devel"
"""Kinds of text."""

PAIRS = ((SYNTHETIC, TRAIN), (TEST, TRAIN), (SYNTHETIC, TEST), (TRAIN, TEST))
"""From and to, of the distances; each with its yardstick after it."""

BLEU_TEXTS = 200
LISTED = 20
"""Pairs of copies that are shown."""

RUNS = (1, 2, 3)
"""Words, of distinct-n; distinct-1 among equally many tokens is the type-token ratio."""

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors [texts, dimensions]."""

Words = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Sketch:
    """The content of the figure; it holds no text."""

    map: dict[str, NDArray[np.float32]]
    """By kind the places [texts, 2] of those that were drawn."""
    distances: dict[tuple[str, str], NDArray[np.float64]]
    """To the nearest neighbour, by kind of the texts and of their neighbours."""

    def to_json(self) -> str:
        places = {kind: found.round(2).tolist() for kind, found in self.map.items()}
        rows = [
            {"from": kind, "to": other, "values": found.round(4).tolist()}
            for (kind, other), found in self.distances.items()
        ]
        return json.dumps({"map": places, "distances": rows}) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Sketch:
        content = json.loads(text)
        places = {kind: np.array(found, dtype=np.float32) for kind, found in content["map"].items()}
        return cls(places, {(row["from"], row["to"]): np.array(row["values"]) for row in content["distances"]})


@dataclass(frozen=True)
class Analysis:
    """Synthetic text beside gold, in numbers, pictures and copies."""

    metrics: Metrics
    """A yardstick has the name of what it is for, and `_gold`; the ends of an interval have `_low` and `_high`."""
    sketch: Sketch
    copies: tuple[dict[str, Any], ...]
    """Pairs of a synthetic text and the gold one that it copies, those of test first."""

    @property
    def verdict(self) -> tuple[str, ...]:
        return leakage.verdict(self.metrics)


def analyse(
    examples: Sequence[Any],
    *,
    units: Sequence[str],
    train: Sequence[Any],
    test: Sequence[Any],
    devel: Sequence[Any] = (),
    words: Callable[[Any], Sequence[str]],
    embed: Embed,
    rejected: int = 0,
    threshold: float | None = None,
    texts: int = 1000,
    perplexity: float = 30.0,
    seed: int = 0,
) -> Analysis:
    """Compare synthetic examples with the gold splits that there are, one of them at least.

    `units`: what each example was asked for. `devel`: more held-out gold, a yardstick only. `rejected`: how many more
    were copies of test. `threshold`: least similarity of near copies. `texts`: how many of each kind are on the map.
    """
    everything = {SYNTHETIC: examples, TRAIN: train, TEST: test}
    sets = {kind: found for kind, found in everything.items() if found}
    vectors = _embed(sets | ({DEVEL: devel} if devel and train and test else {}), embed)
    held_out = vectors.pop(DEVEL, None)
    split = {kind: [words(example) for example in found] for kind, found in sets.items()}
    distances = {
        (kind, other): neighbours.distances(vectors[kind], references=vectors[other])
        for kind, other in PAIRS
        if kind in sets and other in sets
    }
    pairs = _copies(split, threshold=threshold or copies.USUAL)
    measured = (
        {f"{kind}_texts": len(found) for kind, found in sets.items()}
        | _nearness(distances, vectors=vectors, held_out=held_out, units=units, seed=seed)
        | _counts(pairs, rejected=rejected)
        | _mentions(sets)
        | _variety(split, seed=seed)
        | _detection(split, vectors=vectors, units=units, seed=seed)
    )
    return Analysis(
        metrics={f"{leakage.PREFIX}{name}": float(value) for name, value in measured.items()},
        sketch=Sketch(_map(vectors, texts=texts, perplexity=perplexity, seed=seed), distances),
        copies=_listed(pairs, sets=sets, units=units),
    )


def _embed(sets: Mapping[str, Sequence[Any]], embed: Embed) -> dict[str, NDArray[np.float32]]:
    """Return the vectors of each kind of text; equal texts are embedded once, all in one go."""
    place: dict[str, int] = {}
    for example in chain(*sets.values()):
        place.setdefault(example.text, len(place))
    vectors = embed(list(place))
    return {kind: vectors[[place[example.text] for example in found]] for kind, found in sets.items()}


def _map(
    vectors: Mapping[str, NDArray[np.float32]], *, texts: int, perplexity: float, seed: int
) -> dict[str, NDArray[np.float32]]:
    drawn = {
        kind: found[sorted(random.Random(seed).sample(range(len(found)), min(texts, len(found))))]
        for kind, found in vectors.items()
    }
    places = maps.lay_out(np.concatenate(list(drawn.values())), perplexity=perplexity, seed=seed)
    ends = np.cumsum([len(found) for found in drawn.values()])[:-1]
    return dict(zip(drawn, np.split(places, ends), strict=True))


def _nearness(
    distances: Mapping[tuple[str, str], NDArray[np.float64]],
    *,
    vectors: Mapping[str, NDArray[np.float32]],
    held_out: NDArray[np.float32] | None,
    units: Sequence[str],
    seed: int,
) -> Metrics:
    """Return mean and median distances, and how often a text is nearer to train than test texts are, or than to test.

    `held_out` gold leans to train, too, where test is out of fewer documents.
    """
    found: Metrics = {}
    for (kind, other), values in distances.items():
        yardstick = "" if kind == SYNTHETIC else "_gold"
        found[f"distance_{other}_mean{yardstick}"] = float(values.mean())
        found[f"distance_{other}_median{yardstick}"] = float(np.median(values))
    if TRAIN in vectors and TEST in vectors:
        closeness = neighbours.closeness(distances[SYNTHETIC, TRAIN], yardstick=distances[TEST, TRAIN])
        nearer = neighbours.preference(vectors[SYNTHETIC], first=vectors[TRAIN], second=vectors[TEST])
        limit = np.quantile(distances[TEST, TRAIN], leakage.VERY_NEAR)
        very_near = (distances[SYNTHETIC, TRAIN] < limit).astype(np.float64)
        measured = {"closer_than_test": closeness, "very_near_train": very_near, "nearer_train": nearer}
        for name, values in measured.items():
            found[name] = float(values.mean())
            found |= _ends(name, intervals.bootstrap(values, groups=units, seed=seed))
        if held_out is not None:
            theirs = neighbours.preference(held_out, first=vectors[TRAIN], second=vectors[TEST])
            found["nearer_train_gold"] = float(theirs.mean())
    return found


def _copies(split: Mapping[str, Words], *, threshold: float) -> dict[tuple[str, str], list[copies.Copy]]:
    """Return the copies among synthetic texts and, as the yardstick, those of gold train in gold test."""
    return {
        (kind, other): copies.find(split[kind], references=split[other], threshold=threshold)
        for kind, other in ((SYNTHETIC, TEST), (SYNTHETIC, TRAIN), (TEST, TRAIN))
        if kind in split and other in split
    }


def _counts(pairs: Mapping[tuple[str, str], Sequence[copies.Copy]], *, rejected: int) -> Metrics:
    found: Metrics = {}
    for (kind, other), listed in pairs.items():
        yardstick = "" if kind == SYNTHETIC else "_gold"
        for name in (copies.EXACT, copies.NEAR):
            found[f"copies_{other}_{name}{yardstick}"] = sum(copy.kind == name for copy in listed)
    if (SYNTHETIC, TEST) in pairs:
        found["copies_test_rejected"] = rejected
    return found


def _listed(
    pairs: Mapping[tuple[str, str], Sequence[copies.Copy]], *, sets: Mapping[str, Sequence[Any]], units: Sequence[str]
) -> tuple[dict[str, Any], ...]:
    """Return copies of test before those of train, the most similar first."""
    rows = [
        {
            "split": other,
            "kind": copy.kind,
            "similarity": round(copy.similarity, 3),
            "unit": units[copy.text],
            "synthetic": sets[SYNTHETIC][copy.text].text,
            "gold": sets[other][copy.of].text,
        }
        for (kind, other), found in pairs.items()
        if kind == SYNTHETIC
        for copy in sorted(found, key=lambda copy: (copy.kind, -copy.similarity))
    ]
    return tuple(rows[:LISTED])


def _mentions(sets: Mapping[str, Sequence[Any]]) -> Metrics:
    """Return shares of different mentions, for tasks whose entities have several spellings."""
    found = {kind: mentions.different(examples) for kind, examples in sets.items()}
    own, train, test = (found.get(kind, frozenset()) for kind in (SYNTHETIC, TRAIN, TEST))
    if not mentions.vary(train | test | own):
        return {}
    measured: Metrics = {"mentions": len(own)}
    if train:
        measured["mentions_in_train"] = mentions.share(own, among=train)
    if test:
        measured["mentions_in_test"] = mentions.share(own, among=test)
        measured["mentions_covered"] = mentions.share(test, among=own)
    if train and test:
        measured["mentions_in_train_gold"] = measured["mentions_covered_gold"] = mentions.share(test, among=train)
        measured["mentions_in_test_gold"] = mentions.share(train, among=test)
    return measured


def _variety(split: Mapping[str, Words], *, seed: int) -> Metrics:
    """Return the variety of equally many tokens or texts, drawn at random."""
    drawn = {kind: _shuffled(split[kind], seed) for kind in (SYNTHETIC, _reference(split))}
    tokens = min(sum(map(len, found)) for found in drawn.values())
    number = min(BLEU_TEXTS, *map(len, drawn.values()))
    found: Metrics = {"variety_tokens": tokens, "variety_texts": number}
    for kind, texts in drawn.items():
        yardstick = "" if kind == SYNTHETIC else "_gold"
        begun = variety.beginning(texts, tokens=tokens)
        found |= {f"distinct_{n}{yardstick}": variety.distinct(begun, n=n) for n in RUNS}
        found[f"self_bleu{yardstick}"] = variety.self_bleu(texts[:number])
    return found


def _detection(
    split: Mapping[str, Words], *, vectors: Mapping[str, NDArray[np.float32]], units: Sequence[str], seed: int
) -> Metrics:
    """Set synthetic against gold, and gold train against gold test, all of them drawn down to one size."""
    reference = _reference(split)
    drawn = {kind: _shuffled(texts, seed) for kind, texts in split.items()}
    tokens = min(sum(map(len, found)) for found in drawn.values())
    words = {kind: list(chain(*variety.beginning(found, tokens=tokens))) for kind, found in drawn.items()}
    number = min(map(len, split.values()))
    chosen = {kind: _shuffled(range(len(texts)), seed)[:number] for kind, texts in split.items()}
    groups: dict[str, list[Hashable]] = {
        kind: [folded(texts[place]) for place in chosen[kind]] for kind, texts in split.items()
    }
    groups[SYNTHETIC] = [units[place] for place in chosen[SYNTHETIC]]
    found: Metrics = {"divergence_tokens": tokens, "told_apart_texts": number}
    against = [(SYNTHETIC, reference, "")] + ([(TEST, TRAIN, "_gold")] if {TRAIN, TEST} <= split.keys() else [])
    for kind, other, yardstick in against:
        found[f"divergence{yardstick}"] = detection.divergence(words[kind], others=words[other])
        hits = detection.told_apart(
            vectors[kind][chosen[kind]],
            others=vectors[other][chosen[other]],
            groups=groups[kind],
            other_groups=groups[other],
            seed=seed,
        )
        if hits is not None:
            name = f"told_apart{yardstick}"
            found[name] = hits / (2 * number)
            found |= _ends(name, intervals.wilson(hits, of=2 * number))
    return found


def _reference(split: Mapping[str, Words]) -> str:
    """Return the gold that synthetic text is compared with."""
    return TRAIN if TRAIN in split else TEST


def _shuffled(found: Sequence[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(found, len(found))


def _ends(name: str, interval: tuple[float, float] | None) -> Metrics:
    return {} if interval is None else {f"{name}_low": interval[0], f"{name}_high": interval[1]}
