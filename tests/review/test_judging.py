"""Majority and agreement of simulated annotators, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.review.agreement import fleiss
from clinsynth.review.judging import judge_review, majority
from clinsynth.review.verdicts import Verdict

Reviewed = Callable[..., Any]


def textbook(table: Sequence[Sequence[str]]) -> float:
    """Fleiss (1971): items in rows, and how often each category was chosen."""
    categories = sorted({answer for row in table for answer in row})
    counts = [[list(row).count(category) for category in categories] for row in table]
    raters, items = len(table[0]), len(table)
    agreement = sum((sum(n * n for n in row) - raters) / (raters * (raters - 1)) for row in counts) / items
    shares = [sum(row[place] for row in counts) / (items * raters) for place in range(len(categories))]
    chance = sum(share * share for share in shares)
    return (agreement - chance) / (1 - chance)


def judged(reviewed: Reviewed, task: str, votes: Sequence[str], **how: Any) -> Verdict:
    """`votes` are the answers to each item, a word an annotator; a dash is none."""
    review, items = reviewed(task, **how)
    answered: dict[str, dict[str, str]] = {name: {} for name in ("ann", "bob", "cy")[: len(votes[0].split())]}
    for item, said in zip(items, votes, strict=True):
        for name, answer in zip(answered, said.split(), strict=True):
            if answer != "-":
                answered[name][item.id] = answer
    return judge_review(items, answered=answered, review=review)


def test_three_who_label_gold_anew(reviewed: Reviewed) -> None:
    """Labels are No Yes No Yes No Yes.

    By hand: items with one voice have agreement 1, with 2 to 1 it is 1/3: (1+1+1/3+1/3+1+1/3)/6 = 2/3. Yes is said
    8 of 18 times: chance = (8/18)² + (10/18)² = 41/81. Kappa = (2/3 - 41/81) / (40/81) = 13/40.
    """
    votes = ["No No No", "Yes Yes Yes", "Yes Yes No", "No Yes No", "No No No", "Yes No Yes"]
    found = judged(reviewed, "relation", votes, blind=True, subject="gold")
    assert found.kappa == pytest.approx(13 / 40)
    assert found.kappa == pytest.approx(textbook([said.split() for said in votes]))
    assert [one.answer for one in found.judgements] == ["No", "Yes", "Yes", "No", "No", "Yes"]
    assert [one.agrees for one in found.judgements] == [True, True, False, False, True, True]
    assert (found.correct.hits, found.correct.of) == (4, 6)  # type: ignore[union-attr]
    assert {label: (share.hits, share.of) for label, share in found.by_label.items()} == {"No": (2, 3), "Yes": (2, 3)}
    assert [pair.agreement for pair in found.pairs] == pytest.approx([4 / 6, 5 / 6, 3 / 6])
    # ann and bob: both say Yes of 2, No of 2; each says Yes of half of them: chance 1/2
    assert found.pairs[0].kappa == pytest.approx((4 / 6 - 1 / 2) / (1 / 2))
    assert found.agreement == pytest.approx(2 / 3)
    assert found.disputed == 0


def test_three_who_judge_labels_that_are_shown(reviewed: Reviewed) -> None:
    """Labels are A1 A2 none A1 A2 none."""
    votes = ["correct correct wrong", "B4 A1 B4", "wrong wrong correct", "B4 A2 correct", "A1 B4 wrong", "wrong B4 B4"]
    found = judged(reviewed, "multilabel", votes)
    assert [one.agrees for one in found.judgements] == [True, False, False, False, False, False]
    assert [one.answer for one in found.judgements] == ["A1", "B4", None, None, None, "B4"]
    verdicts = [["correct" if word == "correct" else "wrong" for word in said.split()] for said in votes]
    assert found.kappa == pytest.approx(textbook(verdicts))
    assert {label: (share.hits, share.of) for label, share in found.by_label.items()} == {
        "A1": (1, 2),
        "A2": (0, 2),
        "none": (0, 2),
    }


def test_a_tie_is_disputed_and_counts_for_nothing(reviewed: Reviewed) -> None:
    votes = ["correct wrong", "correct correct", "wrong wrong", "correct correct", "Ataxia wrong", "correct -"]
    found = judged(reviewed, "ner", votes)
    assert [one.disputed for one in found.judgements] == [True, False, False, False, False, False]
    assert (found.disputed, found.rated) == (1, 5)
    assert (found.correct.hits, found.correct.of) == (3, 5)  # type: ignore[union-attr]
    assert found.by_label == {}


def test_labels_without_a_majority_dispute_gold_alone(reviewed: Reviewed) -> None:
    """All three see A1 in the first note, each with something else."""
    votes = ["A1 A1;A2 A1;B4", *["none none none"] * 5]
    for subject, disputed in (("corpus", False), ("gold", True)):
        first = judged(reviewed, "multilabel", votes, blind=True, subject=subject).judgements[0]
        assert (first.agrees, first.answer, first.disputed) == (True, None, disputed)


def test_labels_that_are_added_are_kept_and_counted_apart(reviewed: Reviewed) -> None:
    """Labels are A1 A2 none A1 A2 none."""
    votes = ["A1;B4 A1;B4 correct", "A2;B4 correct A1;A2", "correct correct wrong", "A1;B4 wrong A1;B4"]
    votes += ["A2;B4 wrong wrong", "correct correct correct"]
    found = judged(reviewed, "multilabel", votes)
    assert [one.agrees for one in found.judgements] == [True, True, True, True, False, True]
    assert [one.answer for one in found.judgements] == ["A1;B4", "A2", "none", "A1;B4", None, "none"]
    assert [one.extended for one in found.judgements] == [True, False, False, True, False, False]
    assert ((found.correct.hits, found.correct.of), found.extended) == ((5, 6), 2)  # type: ignore[union-attr]


def test_what_has_no_kappa(reviewed: Reviewed) -> None:
    assert judged(reviewed, "relation", ["correct correct"] * 6).kappa is None
    alone = judged(reviewed, "relation", ["correct", "Yes", *["correct"] * 4])
    assert (alone.kappa, alone.agreement, alone.pairs) == (None, None, ())
    apart = judged(reviewed, "relation", ["correct -", "- correct", *["- -"] * 4])
    assert (apart.kappa, apart.pairs, apart.unanswered, apart.rated) == (None, (), 4, 0)


@pytest.mark.parametrize(
    ("votes", "answer"), [("aab", "a"), ("ab", None), ("abc", None), ("aabc", None), ("aaabc", "a"), ("a", "a")]
)
def test_a_majority_is_more_than_half(votes: str, answer: str | None) -> None:
    assert majority(votes) == answer


@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(st.sampled_from("abc"), min_size=n, max_size=n), min_size=1))
)
def test_kappa_is_as_in_the_textbook(table: list[list[str]]) -> None:
    if len({answer for row in table for answer in row}) < 2:
        assert fleiss(table) is None
    else:
        assert fleiss(table) == pytest.approx(textbook(table))
