from __future__ import annotations

import pytest

from clinsynth.tasks.ner.schemes import boundaries, count_relaxed, pairs, schemes
from clinsynth.text.entities import Sentence, Span, to_spans
from support import sentence

WORDS = tuple("abcdefghij")


def marked(*spans: tuple[int, int, str]) -> Sentence:
    return Sentence(WORDS, tuple(Span(*span) for span in sorted(spans)))


def tagged(tags: str) -> Sentence:
    return Sentence(tuple(map(str, range(len(tags.split())))), to_spans(tags.split()))


# The drugs of nervaluate's README: each gold and predicted mention in a sentence of its own, with what its table says.
DRUGS = [
    ([(0, 1, "BRAND")], []),  # tikosyn is missed
    ([], [(0, 1, "BRAND")]),  # healthy is spurious
    ([(1, 2, "DRUG")], [(0, 2, "DRUG")]),  # warfarin, of warfarin
    ([(0, 1, "DRUG")], [(0, 1, "BRAND")]),  # propranolol
    ([(0, 1, "DRUG")], [(0, 1, "DRUG")]),  # phenytoin
    ([(0, 1, "DRUG")], [(0, 1, "DRUG")]),  # theophylline: in the sums of the table, not among its lines
    ([(1, 2, "GROUP")], [(0, 2, "DRUG")]),  # contraceptives, oral contraceptives
]
TABLE = {
    "type": (3, 2, 0, 1, 1, 0.5),
    "partial": (3, 0, 2, 1, 1, 2 / 3),
    "exact": (3, 2, 0, 1, 1, 0.5),
    "strict": (2, 3, 0, 1, 1, 1 / 3),
}

# The sentences of its usage example, and the summary that it prints for them.
GOLD = ["O B-PER I-PER O O O B-ORG I-ORG", "O B-LOC B-PER I-PER O O B-DATE"]
PREDICTED = ["O O B-PER I-PER O O B-ORG I-ORG", "O B-LOC I-LOC B-PER O O B-DATE"]
SUMMARY = {
    "type": (5, 0, 0, 0, 0, 1.0),
    "exact": (2, 3, 0, 0, 0, 0.4),
    "strict": (2, 3, 0, 0, 0, 0.4),
}


def figures(found: dict[str, float]) -> tuple[float, ...]:
    return tuple(found[name] for name in ("correct", "incorrect", "partial", "missed", "spurious", "precision"))


@pytest.mark.parametrize("scheme", TABLE)
def test_the_table_of_nervaluate(scheme: str) -> None:
    gold, predicted = ([marked(*spans) for spans in side] for side in zip(*DRUGS, strict=True))
    found = schemes(gold, predicted)[scheme]
    assert figures(found) == pytest.approx(TABLE[scheme])
    assert found["recall"] == found["f1"] == pytest.approx(TABLE[scheme][-1])


@pytest.mark.parametrize("scheme", SUMMARY)
def test_the_summary_of_nervaluate(scheme: str) -> None:
    found = schemes([tagged(tags) for tags in GOLD], [tagged(tags) for tags in PREDICTED])
    assert figures(found[scheme]) == pytest.approx(SUMMARY[scheme])


def test_a_partial_match_is_half_a_match() -> None:
    found = schemes([tagged(tags) for tags in GOLD], [tagged(tags) for tags in PREDICTED])["partial"]
    assert figures(found) == pytest.approx((2, 0, 3, 0, 0, 0.7))


def test_nothing_has_scores_of_0() -> None:
    assert {found["f1"] for found in schemes([marked()], [marked()]).values()} == {0.0}


def test_the_same_span_goes_before_one_that_overlaps() -> None:
    outer, inner = Span(0, 3, "X"), Span(1, 2, "X")
    assert pairs([outer, inner], [inner]) == [(inner, inner)]
    assert pairs([outer, inner], [inner, outer]) == [(outer, outer), (inner, inner)]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("a/B b/I c", "a/B b c", (1, 1, 1)),
        ("a/B b/B c/B", "a/B b/I c/I", (1, 1, 3)),  # a long guess is right but once
        ("a/B b/I c/I", "a/B b/B c/B", (1, 3, 1)),
        ("a/B b c", "a b/B c", (0, 1, 1)),
        ("a b", "a b", (0, 0, 0)),
    ],
)
def test_relaxed_counts(gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    assert count_relaxed([sentence(gold)], [sentence(predicted)]).tolist() == [list(expected)]


def test_relaxed_is_never_of_another_type() -> None:
    gold, predicted = marked((0, 2, "X"), (2, 3, "Y")), marked((0, 1, "Y"), (1, 3, "Y"))
    assert count_relaxed([gold], [predicted]).tolist() == [[1, 2, 2]]


def test_boundaries_that_are_wrong() -> None:
    gold = marked((0, 2, "X"), (3, 5, "X"), (6, 8, "X"), (8, 9, "X"))
    predicted = marked((0, 1, "X"), (2, 5, "X"), (7, 8, "Y"), (8, 9, "X"))
    assert boundaries([gold], [predicted]) == {"longer": 1, "shorter": 1, "shifted": 0}
    assert boundaries([marked((1, 3, "X"))], [marked((2, 4, "X"))]) == {"longer": 0, "shorter": 0, "shifted": 1}
