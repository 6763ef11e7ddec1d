from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from clinsynth.scoring import precision_recall_f1
from clinsynth.tasks.ner.counts import count, errors
from clinsynth.tasks.ner.scores import devel_score, evaluate, record
from clinsynth.text.entities import Origin, Sentence, Span, to_spans
from clinsynth.types import Predictions
from support import sentence

NO_DEVEL = Predictions((), ())
TAGS = ["O", "B-X", "I-X", "B-Y", "I-Y"]


@st.composite
def tagged_pairs(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags of up to five sentences, some of them right; of either an I- may go on with nothing."""
    gold, predicted = [], []
    for length in draw(st.lists(st.integers(1, 8), min_size=1, max_size=5)):
        line = st.lists(st.sampled_from(TAGS), min_size=length, max_size=length)
        truth = draw(line)
        gold.append(truth)
        predicted.append(truth if draw(st.booleans()) else draw(line))
    return gold, predicted


def sentences(tagged: list[list[str]]) -> list[Sentence]:
    return [Sentence(tuple(map(str, range(len(tags)))), to_spans(tags)) for tags in tagged]


@given(tagged_pairs())
@example(([["B-X", "I-X", "O", "B-X"]], [["B-X", "I-X", "O", "I-X"]]))
def test_scores_are_those_of_seqeval(drawn: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = drawn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what has no denominator is 0
        reference = [
            score(gold, predicted, average="micro", mode="strict", scheme=IOB2, zero_division=0)
            for score in (precision_score, recall_score, f1_score)
        ]
    found = precision_recall_f1(count(sentences(gold), sentences(predicted)).sum(axis=0))
    assert found == pytest.approx(reference)


def test_an_inside_tag_that_goes_on_with_nothing_finds_no_entity() -> None:
    (gold,), (predicted,) = sentences([["B-P", "I-P", "O", "B-P"]]), sentences([["B-P", "I-P", "O", "I-P"]])
    assert count([gold], [predicted]).tolist() == [[1, 1, 2]]
    assert precision_recall_f1(count([gold], [predicted])[0]) == pytest.approx([1, 1 / 2, 2 / 3])


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("a/B b/I", "a/B b/I", (1, 1, 1)),
        ("a/B b/I", "a/B b", (0, 1, 1)),
        ("a/B b/I", "a/B b/B", (0, 2, 1)),
        ("a/B b/B", "a/B b/I", (0, 1, 2)),
        ("a/B b", "a b/B", (0, 1, 1)),
        ("a/B b", "a b", (0, 0, 1)),
        ("a b", "a b/B", (0, 1, 0)),
        ("a b", "a b", (0, 0, 0)),
        ("a/B b c/B", "a/B b/B c/B", (2, 3, 2)),
    ],
)
def test_counts_of_a_sentence(gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    assert count([sentence(gold)], [sentence(predicted)]).tolist() == [list(expected)]


def test_another_type_is_wrong() -> None:
    pair = [sentence("a/B")], [sentence("a/B", label="Chemical")]
    assert count(*pair).tolist() == [[0, 1, 1]]
    assert devel_score(pair[0], predicted=pair[1]) == 0.0


def test_counts_of_no_sentences() -> None:
    assert count([], []).shape == (0, 3)
    assert devel_score([], predicted=[]) == 0.0


def test_sentences_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        count([sentence("a"), sentence("b")], [sentence("a")])


def test_scores_of_seen_and_unseen_mentions() -> None:
    train = [sentence("Ataxia/B and breast/B cancer/I")]
    gold = [sentence("ataxia/B or DMD/B"), sentence("Breast/B cancer/I ,/O gout/B"), sentence("cancer/B")]
    predicted = [sentence("ataxia/B or DMD/B"), sentence("Breast/B cancer/B ,/O gout"), sentence("ataxia")]
    found = evaluate(Predictions(gold, predicted), train=train, devel=NO_DEVEL)
    # Seen: gold {ataxia, Breast cancer}, predicted {ataxia}. Unseen: gold {DMD, gout, cancer},
    # predicted {DMD, Breast, cancer}.
    expected = {
        "test/precision": 2 / 4,
        "test/recall": 2 / 5,
        "test/f1": 4 / 9,
        "test/precision_seen": 1.0,
        "test/recall_seen": 1 / 2,
        "test/f1_seen": 2 / 3,
        "test/precision_unseen": 1 / 3,
        "test/recall_unseen": 1 / 3,
        "test/f1_unseen": 1 / 3,
        "test/f1_relaxed": 6 / 9,
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected)
    assert set(found.metrics) == {*expected, "test/f1_low", "test/f1_high"}
    assert found.counts.tolist() == [[2, 2, 2], [0, 2, 2], [0, 0, 1]]
    assert found.errors == {"boundary": 2, "missed": 2, "spurious": 0}
    assert 0 <= found.metrics["test/f1_low"] <= found.metrics["test/f1"] <= found.metrics["test/f1_high"] <= 1


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ("a/B b/I c", "a/B b/I c", (0, 0, 0)),
        ("a/B b/I c", "a/B b c", (1, 0, 0)),
        ("a/B b/I c", "a/B b/B c/B", (2, 0, 1)),
        ("a/B b/B c", "a/B b/I c", (1, 0, 0)),
        ("a/B b c", "a b c", (0, 1, 0)),
        ("a b c", "a b/B c", (0, 0, 1)),
        ("a/B b c/B", "a b/B c", (0, 2, 1)),
    ],
)
def test_kinds_of_errors(gold: str, predicted: str, kinds: tuple[int, int, int]) -> None:
    names = ("boundary", "missed", "spurious")
    assert errors([sentence(gold)], [sentence(predicted)]) == dict(zip(names, kinds, strict=True))


def test_a_type_that_is_wrong_is_an_error_of_its_own() -> None:
    found = errors([sentence("a/B b/B c/I")], [sentence("a/B b/B c", label="X")])
    assert found == {"boundary": 1, "missed": 0, "spurious": 0, "type": 1}


def test_counts_add_up_to_the_scores() -> None:
    gold = [sentence("a/B b"), sentence("a b/B")]
    predicted = [sentence("a/B b/B"), sentence("a b")]
    found = evaluate(Predictions(gold, predicted), train=gold, devel=NO_DEVEL)
    totals = precision_recall_f1(np.array(found.counts).sum(axis=0))
    assert [found.metrics[f"test/{name}"] for name in ("precision", "recall", "f1")] == pytest.approx(totals)


def test_a_line_of_the_predictions() -> None:
    assert record(sentence("mild gout/B"), predicted=sentence("mild/B gout")) == {
        "text": "mild gout",
        "gold": [{"start": 5, "end": 9, "label": "Disease", "text": "gout"}],
        "predicted": [{"start": 0, "end": 4, "label": "Disease", "text": "mild"}],
    }


def test_a_line_of_a_document_says_where_it_stands() -> None:
    gold = Sentence(("mild", "gout"), origin=Origin("note-1", 30, "mild  gout", ((0, 4), (6, 10))))
    predicted = gold.marked([Span(1, 2, "Disease")], scores=[0.75])
    assert record(gold, predicted=predicted) == {
        "text": "mild  gout",
        "gold": [],
        "predicted": [{"start": 6, "end": 10, "label": "Disease", "text": "gout"}],
        "document": "note-1",
        "start": 30,
        "scores": [0.75],
    }
