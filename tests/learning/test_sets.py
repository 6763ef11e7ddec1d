from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.config import SourceConfig, SourceName
from clinsynth.errors import ConfigError
from clinsynth.learning.sets import TrainingSet, draw, taken, training_set
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Gold

EXAMPLES = list(range(100))


def arm(examples: int | None, *, devel: int = 0, holdout: float = 0.0, seed: int = 0, of: int = 100) -> TrainingSet:
    gold = Gold(train=EXAMPLES[:of], test=[], devel=list(range(1000, 1000 + devel)), hashes={})
    source = SourceConfig(name=SourceName.original, examples=examples)
    return training_set(gold, source=source, holdout=holdout, seed=seed)


@pytest.mark.parametrize(
    ("source", "examples", "expected"),
    [
        (SourceName.synthetic, None, 40),
        (SourceName.augmented, None, 140),
        (SourceName.augmented, 20, 60),
        (SourceName.original, None, 100),
    ],
)
@pytest.mark.parametrize("devel", [0, 30])
def test_synthetic_examples_join_gold_or_stand_alone(
    source: SourceName, examples: int | None, expected: int, devel: int
) -> None:
    """Gold devel chooses the checkpoint of gold alone."""
    synthetic = list(range(2000, 2040))
    gold = Gold(train=EXAMPLES, test=[], devel=list(range(1000, 1000 + devel)), hashes={})
    config = SourceConfig(name=source, examples=examples)
    found = training_set(gold, synthetic=synthetic, source=config, holdout=0.0, seed=0)
    assert len(found.examples) == expected
    assert (set(synthetic) <= set(found.examples)) is (source is not SourceName.original)
    if source is not SourceName.original:
        assert found.train == found.examples
        assert found.devel == ()


@pytest.mark.parametrize("source", [SourceName.original, SourceName.augmented])
def test_gold_that_is_not_there_is_said(source: SourceName) -> None:
    nothing = Gold(train=[], test=[], devel=[], hashes={})
    with pytest.raises(ConfigError, match=rf"source={source.value} trains on gold.*use source=synthetic"):
        training_set(nothing, synthetic=[1], source=SourceConfig(name=source), holdout=0.0, seed=0)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 50))
def test_a_smaller_draw_stands_inside_a_larger_one(left: int, right: int, seed: int) -> None:
    smaller, larger = sorted((left, right))
    drawn = draw(EXAMPLES, larger, seed=seed)
    assert draw(EXAMPLES, smaller, seed=seed) == drawn[:smaller]
    assert len(set(drawn)) == larger
    assert set(drawn) <= set(EXAMPLES)


def test_seeds_draw_differently() -> None:
    draws = {tuple(draw(EXAMPLES, 20, seed=seed)) for seed in range(5)}
    assert len(draws) == 5


def test_a_draw_never_changes() -> None:
    """Runs of another release are comparable."""
    assert draw(EXAMPLES, 5, seed=0) == [23, 8, 11, 7, 48]


@pytest.mark.parametrize("of", [1, 100])
def test_more_than_there_is_cannot_be_drawn(of: int) -> None:
    assert len(draw(EXAMPLES[:of], of, seed=0)) == of
    with pytest.raises(ConfigError, match=f"source.examples={of + 1} is more than the {of} gold training examples"):
        draw(EXAMPLES[:of], of + 1, seed=0)


@pytest.mark.parametrize(
    ("examples", "devel", "holdout", "expected"),
    [
        (None, 30, 0.0, (100, 100, 30)),  # gold devel chooses
        (None, 30, 0.5, (100, 100, 30)),
        (None, 0, 0.0, (100, 90, 10)),  # a tenth stands in for it
        (None, 0, 0.5, (100, 90, 10)),
        (20, 30, 0.0, (20, 20, 0)),  # few labels: none to spare, and gold devel would be more labels
        (20, 0, 0.0, (20, 20, 0)),
        (20, 30, 0.25, (20, 15, 5)),
        (100, 30, 0.0, (100, 100, 0)),
        (2, 0, 0.25, (2, 2, 0)),  # half an example rounds to none
        (1, 0, 0.8, (1, 1, 0)),  # one is left to train on
    ],
)
def test_what_is_trained_on_and_what_chooses(
    examples: int | None, devel: int, holdout: float, expected: tuple[int, int, int]
) -> None:
    found = arm(examples, devel=devel, holdout=holdout)
    assert (len(found.examples), len(found.train), len(found.devel)) == expected


@given(st.integers(1, 100), st.floats(0, 0.89), st.integers(0, 20))
def test_what_is_held_out_is_not_trained_on(examples: int, holdout: float, seed: int) -> None:
    found = arm(examples, devel=30, holdout=holdout, seed=seed)
    assert sorted([*found.train, *found.devel]) == sorted(found.examples)
    assert list(found.train) == [example for example in found.examples if example in found.train]
    assert found.train


def test_gold_devel_is_never_trained_on() -> None:
    found = arm(None, devel=30)
    assert found.devel == tuple(range(1000, 1030))
    assert found.train == found.examples == tuple(EXAMPLES)


@pytest.mark.parametrize(
    ("name", "order"), [*((name, "mixed") for name in SourceName), (SourceName.augmented, "synthetic_first")]
)
@pytest.mark.parametrize("split", [0, 30])
def test_gold_devel_is_there_for_any_source_that_asks(name: SourceName, order: str, split: int) -> None:
    gold = Gold(train=EXAMPLES, test=[], devel=list(range(1000, 1000 + split)), hashes={})
    source = SourceConfig(name=name, order=order)
    found = training_set(gold, synthetic=[2000, 2001], source=source, holdout=0.2, seed=0, devel="gold")
    assert len(found.devel) == (split or 20)
    assert not {*found.devel} & {*found.train}
    assert found.train == found.examples
    learnt = 0 if name is SourceName.synthetic else 100 if split else 80
    assert len({*found.train} & {*EXAMPLES}) == learnt
    assert found.first == (2 if order == "synthetic_first" else 0)


def test_gold_devel_needs_gold() -> None:
    nothing = Gold(train=[1], test=[], devel=[], hashes={})
    with pytest.raises(ConfigError, match=r"trainer\.devel=gold: the dataset has no devel split, and 1 gold"):
        training_set(
            nothing, synthetic=[1], source=SourceConfig(name=SourceName.synthetic), holdout=0.0, seed=0, devel="gold"
        )


def test_the_seed_says_what_is_held_out() -> None:
    assert arm(None, seed=1) == arm(None, seed=1)
    assert arm(None, seed=1).devel != arm(None, seed=2).devel


def test_the_smallest_set_is_trained_on_whole() -> None:
    assert arm(None, of=1).train == (0,)
    assert arm(None, of=4).devel == ()


def test_gold_that_was_all_labelled_anew_is_not_learnt_from() -> None:
    rows = [Relation(f"{number} @GENE$ @DISEASE$", "Yes") for number in range(4)]
    gold = Gold(train=rows, test=rows[:3], devel=[], hashes={}, withheld=frozenset(row.text for row in rows))
    with pytest.raises(ConfigError, match="all of gold train was labelled anew"):
        training_set(gold, source=SourceConfig(name=SourceName.original), holdout=0.1, seed=0)


UNITS = ("A1", "A2", "none", "A2", "A1", "A2")


def examples_of(name: SourceName = SourceName.augmented, *, total: int | None = None, **source: Any) -> list[str]:
    """What is taken of a corpus with an example of each of the units; `total` is what a ratio comes to."""
    examples = [f"{unit} {place}" for place, unit in enumerate(UNITS)]
    return list(taken(examples, UNITS, source=SourceConfig(name=name, **source), total=total))


@pytest.mark.parametrize(
    ("name", "source", "total", "expected"),
    [
        (SourceName.synthetic, {}, None, "012345"),
        (SourceName.synthetic, {"corpora": ["ab"]}, None, "012345"),
        (SourceName.augmented, {"corpora": ["ab"]}, None, "012345"),
        (SourceName.augmented, {"target": "A2"}, None, "012345"),  # a corpus that was made for it has no others
        (SourceName.augmented, {"ratio": 0.05}, 2, "012345"),
        (SourceName.augmented, {"corpora": ["ab"], "target": "A2"}, None, "135"),
        (SourceName.augmented, {"corpora": ["ab"], "target": "none"}, None, "2"),
        (SourceName.augmented, {"corpora": ["ab"], "ratio": 0.1}, 4, "0123"),
        (SourceName.augmented, {"corpora": ["ab"], "ratio": 0.5, "examples": 12}, 6, "012345"),
        (SourceName.augmented, {"corpora": ["ab"], "target": "A2", "ratio": 0.05}, 2, "13"),
        (SourceName.augmented, {"corpora": ["ab"], "target": "A2", "ratio": 0.075}, 3, "135"),
        (SourceName.augmented, {"corpora": ["ab"]}, 3, "012345"),  # a total without a ratio is no limit
    ],
    ids=str,
)
def test_the_examples_of_a_corpus_that_are_taken(
    name: SourceName, source: dict[str, Any], total: int | None, expected: str
) -> None:
    assert examples_of(name, total=total, **source) == [f"{UNITS[int(place)]} {place}" for place in expected]


@pytest.mark.parametrize(
    ("source", "total", "said"),
    [
        ({"ratio": 0.5}, 20, "source.ratio=0.5 takes 20, and the corpora of source.corpora hold 6 examples."),
        (
            {"target": "A2", "ratio": 0.1},
            4,
            "source.ratio=0.1 takes 4, and the corpora of source.corpora hold 3 examples of A2.",
        ),
        (
            {"target": "B9"},
            None,
            "source.target=B9 takes some, and the corpora of source.corpora hold 0 examples of B9.",
        ),
        ({"target": "B9", "ratio": 0.1}, 4, "source.ratio=0.1 takes 4, and the corpora"),
    ],
    ids=str,
)
def test_more_than_pinned_corpora_hold_is_named(source: dict[str, Any], total: int | None, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        examples_of(total=total, corpora=["ab"], **source)
    assert said in str(raised.value)


@pytest.mark.parametrize(("holdout", "held"), [(0.0, 0), (0.1, 6)])
def test_synthetic_examples_come_before_gold_ones_where_that_is_wanted(holdout: float, held: int) -> None:
    gold, synthetic = Gold(train=EXAMPLES, test=[], devel=[], hashes={}), list(range(2000, 2040))
    source = SourceConfig(name=SourceName.augmented, examples=20, order="synthetic_first")
    found = training_set(gold, synthetic=synthetic, source=source, holdout=holdout, seed=0)
    assert len(found.examples) == 60
    assert len(found.devel) == held
    assert all(example >= 2000 for example in found.train[: found.first])
    assert all(example < 2000 for example in found.train[found.first :])
    assert found.first == 40 - round(holdout * 40)


def test_without_gold_there_is_no_order() -> None:
    with pytest.raises(ConfigError, match=r"source\.order=synthetic_first is out of range: .*source=augmented"):
        SourceConfig(name=SourceName.synthetic, order="synthetic_first")
