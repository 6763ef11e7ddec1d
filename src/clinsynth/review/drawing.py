"""Which examples people get to see: as many of each label or unit, in an order that tells nothing."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any

from clinsynth import keys
from clinsynth.review.folder import ReviewItem
from clinsynth.task import Reviewer
from clinsynth.types import Gold


def draw_from_corpus(
    examples: Sequence[Any],
    *,
    groups: Sequence[str],
    reviewer: Reviewer,
    labels: Sequence[str],
    source: str,
    number: int,
    seed: int,
    first: Collection[int] = (),
) -> list[ReviewItem]:
    """Draw `number` of the examples, the same number of each group; all of a group that has fewer.

    The places `first`, of which somebody doubts the labels, are drawn before all others.
    """
    doubted = sorted(first)
    places = [doubted[one] for one in _evenly([groups[place] for place in doubted], number=number, seed=seed)]
    others = [place for place in range(len(groups)) if place not in set(first)]
    places += [
        others[one] for one in _evenly([groups[place] for place in others], number=number - len(places), seed=seed)
    ]
    return [
        _item(examples[place], group=groups[place], reviewer=reviewer, labels=labels, source=source, place=place)
        for place in places
    ]


def draw_from_gold(
    gold: Gold,
    *,
    folds: bool,
    shown: Collection[int],
    reviewer: Reviewer,
    labels: Sequence[str],
    source: str,
    number: int,
    seed: int,
) -> list[ReviewItem]:
    """Draw `number` distinct texts of the test split; of all folds where that has fewer.

    Train and test of any fold are the whole of a dataset that has folds. Rows of train that prompts show (`shown`) are
    not drawn: a test of them would be one of the prompts.
    """
    rows = _distinct(gold.test)
    if folds and len(rows) < number:
        texts = {gold.train[row].text for row in shown}
        rows = _distinct([row for row in (*gold.test, *gold.train) if row.text not in texts])
    drawn = random.Random(seed).sample(rows, min(number, len(rows)))
    return [
        _item(example, group=example.label, reviewer=reviewer, labels=labels, source=source, place=None)
        for example in drawn
    ]


def _evenly(groups: Sequence[str], *, number: int, seed: int) -> list[int]:
    """Return places, in turns from each group, so that a larger number draws these too; shuffled at the end."""
    chance = random.Random(seed)
    members: dict[str, list[int]] = {group: [] for group in dict.fromkeys(groups)}
    for place, group in enumerate(groups):
        members[group].append(place)
    turns = list(members.values())
    chance.shuffle(turns)
    for found in turns:
        chance.shuffle(found)
    longest = max(map(len, turns), default=0)
    drawn = [found[turn] for turn in range(longest) for found in turns if turn < len(found)][:number]
    chance.shuffle(drawn)
    return drawn


def _distinct(examples: Sequence[Any]) -> list[Any]:
    """Return the first example of each text."""
    found: dict[str, Any] = {}
    for example in examples:
        found.setdefault(example.text, example)
    return list(found.values())


def _item(
    example: Any, *, group: str, reviewer: Reviewer, labels: Sequence[str], source: str, place: int | None
) -> ReviewItem:
    return ReviewItem(
        keys.review_item(source, place=place, text=example.text),
        text=example.text,
        given=reviewer.given(example, labels=labels),
        group=group,
        entities=example.entities(),
        row={"text": example.text} | example.to_json(),
        place=place,
    )
