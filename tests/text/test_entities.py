from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.tasks.ner.examples import from_json
from clinsynth.text.entities import Origin, Sentence, Span, to_spans, to_tags
from support import sentence

LABELS = st.sampled_from(["Disease", "Chemical", "Cell-line"])


@st.composite
def spans_with_length(draw: st.DrawFn) -> tuple[tuple[Span, ...], int]:
    """Ordered spans, with and without gaps between them, and a number of words that holds them."""
    spans, position = [], 0
    for gap, width, label in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), LABELS), max_size=6)):
        spans.append(Span(position + gap, position + gap + width, label))
        position += gap + width
    return tuple(spans), position + draw(st.integers(0, 2))


@given(spans_with_length())
def test_tags_give_the_same_spans_back(drawn: tuple[tuple[Span, ...], int]) -> None:
    spans, length = drawn
    tags = to_tags(spans, length=length)
    assert len(tags) == length
    assert to_spans(tags) == spans


@given(spans_with_length())
def test_spans_give_the_same_tags_back(drawn: tuple[tuple[Span, ...], int]) -> None:
    tags = to_tags(drawn[0], length=drawn[1])
    assert to_tags(to_spans(tags), length=len(tags)) == tags


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("", ""),
        ("O O", ""),
        ("B-X", "0-1X"),
        ("O B-X I-X", "1-3X"),
        ("B-X B-X", "0-1X 1-2X"),
        ("B-X I-X B-X I-X", "0-2X 2-4X"),
        ("B-X I-X O B-X", "0-2X 3-4X"),
        ("O I-X", ""),
        ("I-X I-X O", ""),
        ("B-X O I-X", "0-1X"),
        ("B-X I-Y", "0-1X"),
        ("B-X I-Y I-X", "0-1X"),
        ("I-X I-Y I-X", ""),
        ("I-X B-X I-X", "1-3X"),
        ("B-a-b I-a-b I-a", "0-2a-b"),
    ],
)
def test_spans_of_tags(tags: str, expected: str) -> None:
    found = to_spans(tags.split())
    assert " ".join(f"{span.start}-{span.end}{span.label}" for span in found) == expected


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 1)])
def test_a_span_that_holds_no_words_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="0 <= start < end"):
        Span(start, end, "X")


@pytest.mark.parametrize(
    "spans",
    [
        [(0, 2), (0, 2)],
        [(2, 3), (0, 1)],
        [(1, 4)],
    ],
)
def test_a_sentence_refuses_spans_out_of_order_or_behind_it(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="not in order, or leave the 3 words"):
        Sentence(("a", "b", "c"), tuple(Span(start, end, "X") for start, end in spans))


@pytest.mark.parametrize(
    ("spans", "tags"),
    [
        ([(0, 3), (1, 2)], "B-X I-X I-X O"),
        ([(0, 1), (0, 3), (2, 3)], "B-X I-X I-X O"),
        ([(0, 2), (1, 3)], "B-X I-X O O"),
        ([(0, 2), (1, 4)], "O B-X I-X I-X"),
        ([(0, 1), (2, 4), (3, 4)], "B-X O B-X I-X"),
    ],
)
def test_tags_tell_of_the_longest_of_overlapping_spans(spans: list[tuple[int, int]], tags: str) -> None:
    found = Sentence(tuple("abcd"), tuple(Span(start, end, "X") for start, end in spans))
    assert found.tags == tags.split()
    assert from_json(found.to_json()) == found


def test_a_sentence_of_a_text_is_as_it_stands_there() -> None:
    origin = Origin("note", 10, "Mild  gout.", ((0, 4), (6, 10), (10, 11)))
    found = Sentence(("Mild", "gout", "."), (Span(0, 2, "Disease"),), origin)
    assert found.text == "Mild  gout."
    assert found.mentions == ["Mild  gout"]
    assert found.entities() == [{"start": 0, "end": 10, "label": "Disease", "text": "Mild  gout"}]
    other = found.marked([Span(1, 2, "Disease")], scores=[0.5])
    assert (other.mentions, other.scores, other.origin) == (["gout"], (0.5,), origin)


def test_neighbouring_spans_are_accepted() -> None:
    assert Sentence(("a", "b"), (Span(0, 1, "X"), Span(1, 2, "X"))).tags == ["B-X", "B-X"]


def test_mentions_are_written_naturally() -> None:
    found = sentence("has X/B -/I linked/I deafness/I and Parkinson/B '/I s/I disease/I .")
    assert found.mentions == ["X-linked deafness", "Parkinson's disease"]


def test_entities_point_into_the_text() -> None:
    found = sentence("( mild ) X/B -/I linked/I deafness/I , ataxia/B")
    assert found.text == "(mild) X-linked deafness, ataxia"
    assert found.entities() == [
        {"start": 7, "end": 24, "label": "Disease", "text": "X-linked deafness"},
        {"start": 26, "end": 32, "label": "Disease", "text": "ataxia"},
    ]
    assert [found.text[entity["start"] : entity["end"]] for entity in found.entities()] == found.mentions


def test_a_sentence_as_json() -> None:
    assert sentence("no ataxia/B").to_json() == {"tokens": ["no", "ataxia"], "tags": ["O", "B-Disease"]}
