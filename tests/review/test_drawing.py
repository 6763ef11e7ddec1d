"""As many of each label or unit, in an order that tells nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from clinsynth import tasks
from clinsynth.review import drawing
from clinsynth.review.folder import ReviewItem
from clinsynth.tasks.relation.gold import Relation
from clinsynth.types import Gold

REVIEWER = tasks.kind("relation").reviewer


def drawn(groups: str, number: int, *, seed: int = 0) -> list[ReviewItem]:
    examples = [Relation(f"text {place}", "Yes") for place in range(len(groups))]
    return drawing.draw_from_corpus(
        examples, groups=groups, reviewer=REVIEWER, labels=(), source="x", number=number, seed=seed
    )


@pytest.mark.parametrize(
    ("groups", "number", "counts"),
    [
        ("aaaabbbbcccc", 6, [2, 2, 2]),
        ("aaaabbbbcccc", 7, [2, 2, 3]),
        ("aaaaaaaaab", 6, [1, 5]),
        ("aab", 10, [1, 2]),
        ("abcdefgh", 3, [1, 1, 1]),
        ("", 3, []),
    ],
)
def test_each_group_has_as_many(groups: str, number: int, counts: list[int]) -> None:
    found = drawn(groups, number)
    assert sorted(Counter(item.group for item in found).values()) == counts
    assert len({item.id for item in found}) == len(found)
    assert all(groups[item.place or 0] == item.group for item in found)


def test_seven_criteria_are_drawn_twenty_times_each_and_mixed() -> None:
    found = drawn("abcdefg" * 30, 140)
    assert set(Counter(item.group for item in found).values()) == {20}
    assert len({item.group for item in found[:20]}) > 3
    assert drawn("abcdefg" * 30, 140) == found
    assert drawn("abcdefg" * 30, 140, seed=1) != found
    assert {item.id for item in drawn("abcdefg" * 30, 70)} < {item.id for item in found}


@pytest.mark.parametrize(
    ("folds", "number", "shown", "texts"),
    [
        (True, 2, (), {"a", "b"}),
        (True, 3, (), {"a", "b", "c", "d"}),
        (True, 9, (), {"a", "b", "c", "d"}),
        (False, 9, (), {"a", "b"}),
        (True, 9, (1,), {"a", "b", "d"}),  # prompts show c
    ],
)
def test_gold_is_drawn_from_test_or_from_all_folds(
    folds: bool, number: int, shown: tuple[int, ...], texts: set[str]
) -> None:
    train, test = ([Relation(text, "Yes") for text in found] for found in ("bcdd", "aab"))
    gold = Gold(train, test=test, devel=(), hashes={})
    found = drawing.draw_from_gold(
        gold, folds=folds, shown=shown, reviewer=REVIEWER, labels=(), source="x", number=number, seed=0
    )
    assert {item.text for item in found} <= texts
    assert len(found) == min(number, len(texts))
    assert {item.place for item in found} == {None}
