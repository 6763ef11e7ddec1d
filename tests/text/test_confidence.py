from __future__ import annotations

import math

import pytest

from clinsynth.search.judges import verdict, verdict_confidence
from clinsynth.tasks.ner.confidence import of_mentions, segments
from clinsynth.tasks.relation.confidence import label_confidence
from clinsynth.text.confidence import probability, whole
from clinsynth.types import Completion


def answered(*pieces: tuple[str, float]) -> Completion:
    """An answer of tokens with their probabilities."""
    text, logprobs = "", []
    for piece, share in pieces:
        text += piece
        logprobs.append((len(text), math.log(share)))
    return Completion("d/p/u#0", "m", text, "stop", logprobs=tuple(logprobs))


LINES = answered(
    *(("1. ", 0.9), ("gout", 0.8), (" | ", 0.9), ("lupus", 0.5), ("\n", 1.0)),
    *(("2. ", 0.9), ("none", 0.6), ("\n", 1.0), ("3", 0.5), (". ", 0.5), ("flu", 0.25)),
)


@pytest.mark.parametrize(
    ("begin", "end", "wanted"),
    [(3, 7, 0.8), (4, 5, 0.8), (3, 11, 0.8 * 0.9 * 0.5), (0, 3, 0.9), (3, 3, None), (99, 100, None)],
)
def test_a_place_has_the_probability_of_its_tokens(begin: int, end: int, wanted: float | None) -> None:
    assert probability(LINES, begin, end) == (None if wanted is None else pytest.approx(wanted))
    assert probability(Completion("i", "m", LINES.text, "stop"), begin, end) is None


def test_thoughts_do_not_count() -> None:
    assert whole(answered(("<think>", 0.1), ("Hm.", 0.1), ("</think>", 0.1), ("\n", 0.1), ("Yes", 0.7))) == 0.7
    assert whole(Completion("i", "m", "Yes", "stop")) is None


def test_lines_have_the_probability_of_what_they_list() -> None:
    found = segments(LINES)
    assert {number: LINES.text[begin:end] for number, (begin, end) in found.items()} == {
        1: "gout | lupus\n",
        2: "none\n",
        3: "flu",
    }
    assert of_mentions(LINES, found[1], mentions=["gout", "lupus"]) == pytest.approx((0.8 * 0.9, 0.5))
    assert of_mentions(LINES, found[1], mentions=["lupus", "gout"]) == ()
    assert of_mentions(LINES, found[2], mentions=[]) == ()


def test_entries_of_json_have_it_too() -> None:
    answer = answered(
        *(('{"sentences": [{"number": 1, "mentions": ["', 1.0), ("gout", 0.5), ('"]}, ', 0.9)),
        *(('{"number": 2, "mentions": [', 1.0), ("]}]}", 0.7)),
    )
    found = segments(answer)
    assert [probability(answer, *found[number]) for number in (1, 2)] == pytest.approx([0.5 * 0.9, 0.7])
    assert of_mentions(answer, found[1], mentions=["gout"]) == pytest.approx((0.45,))


@pytest.mark.parametrize("text", ["1. gout\n1. lupus", "gout, lupus", ""])
def test_what_is_no_list_has_none(text: str) -> None:
    found = segments(Completion("i", "m", text, "stop", logprobs=((len(text), -0.1),)))
    assert not found


@pytest.mark.parametrize(
    ("behind", "label", "wanted"),
    [
        ((" | ", "Yes", " |"), "Yes", 0.5),
        ((" - ", "No", ""), "No", 0.5),
        ((' | "', "positive", '"'), "Yes", 0.5),
        (("\n", "Yes", ""), "Yes", None),
        ((" | ", "No", " |"), "Yes", None),
        ((" | ", "related", " |"), "Yes", None),
    ],
)
def test_a_row_has_the_probability_of_its_label(behind: tuple[str, str, str], label: str, wanted: float | None) -> None:
    text = "@GENE$ causes @DISEASE$."
    before, word, after = behind
    answer = answered(("| ", 1.0), (text, 0.1), (before, 0.9), (word, 0.5), (after or "\n", 0.9))
    found, _ = label_confidence(answer, text, label=label, at=0)
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_a_verdict_has_the_probability_of_its_last_word() -> None:
    answer = answered(("A", 0.1), (" is dull. ", 1.0), ("Verdict: ", 1.0), ("B", 0.75))
    assert verdict_confidence(answer, verdict(answer)) == pytest.approx(0.75)
    assert verdict_confidence(answer, None) is None
