from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from clinsynth.analysis import comparison, maps
from clinsynth.analysis.comparison import Analysis, Sketch, analyse
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.text.entities import Sentence
from support import sentence


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of bags of words, which are alike where texts are."""
    vectors = np.zeros((len(texts), 256), dtype=np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for word in text.casefold().split():
            row[zlib.crc32(word.encode()) % 256] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def notes(number: int, *, seed: int, words: str = "w") -> list[Note]:
    draw = random.Random(seed)
    return [Note(" ".join(f"{words}{draw.randrange(60)}" for _ in range(12)), ()) for _ in range(number)]


TRAIN, TEST = notes(80, seed=1), notes(40, seed=2)


def compared(examples: Sequence[Note], **parts: Sequence[Note]) -> Analysis:
    sets = {"train": TRAIN, "test": TEST} | parts
    units = [f"u{place // 2}" for place in range(len(examples))]
    return analyse(examples, units=units, words=lambda note: note.text.split(), embed=embed, **sets)


def test_copies_of_train_may_be_memorised() -> None:
    found = compared(TRAIN[:60])
    assert found.metrics["analysis/copies_train_exact"] == 60
    assert found.metrics["analysis/distance_train_median"] == pytest.approx(0, abs=1e-6)
    assert found.metrics["analysis/nearer_train_low"] > 0.6
    assert "may be memorised" in " ".join(found.verdict)


def test_independent_texts_are_not() -> None:
    found = compared(notes(60, seed=6))
    measured = found.metrics
    assert {
        measured[f"analysis/copies_{split}_{kind}"] for split in ("train", "test") for kind in ("exact", "near")
    } == {0}
    assert measured["analysis/nearer_train"] == pytest.approx(0.5, abs=0.15)
    assert measured["analysis/closer_than_test"] == pytest.approx(0.5, abs=0.15)
    assert measured["analysis/told_apart"] == pytest.approx(0.5, abs=0.15)
    assert "may be memorised" not in " ".join(found.verdict)
    assert found.copies == ()


def test_planted_copies_of_test_are_found_and_listed_first() -> None:
    near = Note(TEST[1].text.rsplit(" ", 1)[0] + " other", ())
    examples = [*notes(30, seed=3), TRAIN[5], TEST[0], near]
    found = analyse(
        examples,
        units=[str(place) for place in range(len(examples))],
        train=TRAIN,
        test=TEST,
        words=lambda note: note.text.split(),
        embed=embed,
        threshold=0.8,
        rejected=7,
    )
    told = [(row["split"], row["kind"], row["unit"], row["gold"]) for row in found.copies]
    assert told == [
        ("test", "exact", "31", TEST[0].text),
        ("test", "near", "32", TEST[1].text),
        ("train", "exact", "30", TRAIN[5].text),
    ]
    assert found.metrics["analysis/copies_test_rejected"] == 7
    assert "Warning: 1 of 33 synthetic texts stands in the gold test split" in found.verdict[0]


def test_no_more_than_some_copies_are_listed() -> None:
    assert len(compared(TRAIN[:60]).copies) == comparison.LISTED


def test_another_style_is_told_apart() -> None:
    measured = compared(notes(60, seed=3, words="v")).metrics
    assert measured["analysis/told_apart"] > 0.95
    assert measured["analysis/divergence"] == pytest.approx(1.0)
    assert measured["analysis/divergence_gold"] < 0.2
    assert measured["analysis/told_apart_gold"] < 0.65


def test_held_out_gold_is_a_yardstick_and_nothing_else() -> None:
    without, with_devel = compared(notes(30, seed=3)), compared(notes(30, seed=3), devel=notes(20, seed=4))
    more = with_devel.metrics.keys() - without.metrics.keys()
    assert more == {"analysis/nearer_train_gold"}
    assert {name: with_devel.metrics[name] for name in without.metrics} == without.metrics
    assert set(with_devel.sketch.map) == {"synthetic", "train", "test"}


@pytest.mark.parametrize("absent", ["train", "test"])
def test_one_gold_split_is_enough(absent: str) -> None:
    found = compared(notes(30, seed=3), **{absent: []})
    assert not [name for name in found.metrics if absent in name.split("/")[1].split("_")[:2]]
    assert found.metrics["analysis/synthetic_texts"] == 30
    assert {"analysis/told_apart", "analysis/divergence", "analysis/self_bleu_gold"} <= found.metrics.keys()
    assert found.verdict


@pytest.mark.parametrize(("own", "train", "test"), [(1, 1, 1), (2, 1, 1), (1, 3, 2), (4, 4, 4)])
def test_tiny_sets_are_compared(own: int, train: int, test: int) -> None:
    found = compared(notes(own, seed=3), train=TRAIN[:train], test=TEST[:test])
    assert all(np.isfinite(value) for value in found.metrics.values())
    assert {kind: places.shape for kind, places in found.sketch.map.items()} == {
        "synthetic": (own, 2),
        "train": (train, 2),
        "test": (test, 2),
    }
    assert all(np.isfinite(places).all() for places in found.sketch.map.values())


def test_entities_that_are_shared() -> None:
    def made(*tagged: str) -> list[Sentence]:
        return [sentence(words) for words in tagged]

    found = analyse(
        made("a gout/B case", "an Ataxia/B case", "a fever/B of gout/B"),
        units=["gout", "ataxia", "fever"],
        train=made("the GOUT/B is old", "no ataxia/B here", "a rash/B", "one cough/B"),
        test=made("some gout/B there", "this rash/B and cold/B"),
        words=lambda example: example.tokens,
        embed=embed,
    ).metrics
    assert found["analysis/mentions"] == 3
    assert found["analysis/mentions_in_train"] == pytest.approx(2 / 3)
    assert found["analysis/mentions_in_train_gold"] == pytest.approx(2 / 3)
    assert found["analysis/mentions_in_test"] == pytest.approx(1 / 3)
    assert found["analysis/mentions_in_test_gold"] == pytest.approx(2 / 4)
    assert found["analysis/mentions_covered"] == pytest.approx(1 / 3)
    assert found["analysis/mentions_covered_gold"] == pytest.approx(2 / 3)


def test_a_map_keeps_neighbours_together_and_is_the_same_again() -> None:
    draw = np.random.default_rng(0)
    vectors = np.concatenate([draw.normal(centre, 0.05, (30, 16)) for centre in (0.0, 1.0)]).astype(np.float32)
    places = maps.lay_out(vectors, perplexity=30, seed=0)
    centres = places[:30].mean(axis=0), places[30:].mean(axis=0)
    assert all(
        np.linalg.norm(place - centres[number // 30]) < np.linalg.norm(place - centres[1 - number // 30])
        for number, place in enumerate(places)
    )
    assert np.array_equal(places, maps.lay_out(vectors, perplexity=30, seed=0))


def test_a_map_shows_so_many_of_each() -> None:
    found = analyse(
        notes(30, seed=3),
        units=["u"] * 30,
        train=TRAIN,
        test=TEST,
        words=lambda n: n.text.split(),
        embed=embed,
        texts=15,
    )
    assert {len(places) for places in found.sketch.map.values()} == {15}
    assert len(found.sketch.distances["synthetic", "train"]) == 30


def test_a_sketch_can_be_read_again() -> None:
    sketch = compared(notes(10, seed=3)).sketch
    again = Sketch.from_json(sketch.to_json())
    assert again.map.keys() == sketch.map.keys()
    assert again.distances.keys() == sketch.distances.keys()
    assert again.distances["test", "train"] == pytest.approx(sketch.distances["test", "train"], abs=1e-4)
    assert again.map["test"] == pytest.approx(sketch.map["test"], abs=0.01)
