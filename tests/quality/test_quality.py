from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clinsynth.config import QualityConfig
from clinsynth.quality import control
from clinsynth.tasks.ner import examples
from clinsynth.tasks.ner.writer import NerWriter
from clinsynth.text.entities import Sentence
from clinsynth.text.words import tokenise
from clinsynth.types import Candidate, Draft
from support import dataset

DEFAULT = QualityConfig(
    unit=True,
    sentence=True,
    min_words=4,
    max_words=20,
    duplicates=True,
    near_duplicates=0.7,
    test_copies=True,
)
NONE = QualityConfig(
    unit=False,
    sentence=False,
    min_words=0,
    max_words=None,
    duplicates=False,
    near_duplicates=None,
    test_copies=False,
)
TEST = frozenset({("gout", "is", "an", "old", "disease", ".")})


def candidates(*texts: str) -> list[Candidate]:
    return [
        Candidate(Draft("gout", 0, index, text), Sentence(tuple(tokenise(text)))) for index, text in enumerate(texts)
    ]


def checked(*texts: str, config: QualityConfig = DEFAULT) -> tuple[list[str], list[tuple[str, str]]]:
    kept, rejected = control(
        candidates(*texts),
        config=config,
        contains=NerWriter(dataset()).contains,
        words=examples.words,  # type: ignore[arg-type]
        test_texts=TEST,
    )
    return [item.draft.text for item in kept], [(item.draft.text, item.reason) for item in rejected]


GOOD = "In most patients gout was treated late."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("In most patients it was treated late.", "unit_missing"),
        ("Gout hurts.", "too_short"),
        ("Gout " + "and so on " * 10, "too_long"),
        ("Gout is an old disease.", "test_copy"),
        ("GOUT is an  old disease.", "test_copy"),
        ("Here are sentences about gout for you.", "not_a_sentence"),
        ("I'm sorry, gout is beyond my knowledge.", "not_a_sentence"),
        ("Sentences that are about gout:", "not_a_sentence"),
        ("In most patients <b>gout was treated late.", "not_a_sentence"),
        ("Unfortunately, I am not able to write about gout.", "not_a_sentence"),
        ("GOUT AND OTHER OLD DISEASES", "not_a_sentence"),
        ("Gout 1.5 (0.3-2.8) 12.5 (4.2-8.1) 0.05", "not_a_sentence"),
    ],
)
def test_what_is_rejected_and_why(text: str, reason: str) -> None:
    kept, rejected = checked(text, GOOD)
    assert kept == [GOOD]
    assert rejected == [(text, reason)]
    assert checked(text, config=NONE) == ([text], [])


def test_the_first_of_two_that_are_alike_stays() -> None:
    twin = "in most patients, gout was treated late."
    kept, rejected = checked(GOOD, GOOD.upper().capitalize(), twin)
    assert kept == [GOOD, twin]
    assert rejected == [(GOOD.upper().capitalize(), "duplicate")]


@pytest.mark.parametrize(("threshold", "kept"), [(0.5, 1), (0.55, 1), (0.56, 2), (1.0, 2), (None, 2)])
def test_near_duplicates_by_the_share_of_word_triples(threshold: float | None, kept: int) -> None:
    """Seven triples each, five of them shared: 5 / 9 = 0.556."""
    texts = ("In most old patients gout was treated very late", "In most old patients gout was treated with colchicine")
    found, rejected = checked(*texts, config=replace(DEFAULT, near_duplicates=threshold))
    assert len(found) == kept
    assert [reason for _, reason in rejected] == ["near_duplicate"] * (2 - kept)


def test_a_rejected_text_casts_no_shadow() -> None:
    """What is too long is no reason to reject its copy."""
    long = "Gout " + "and so on " * 10
    kept, rejected = checked(long, long, GOOD)
    assert kept == [GOOD]
    assert {reason for _, reason in rejected} == {"too_long"}


def test_nothing_goes_in_and_nothing_comes_out() -> None:
    assert checked() == ([], [])


def test_details_name_the_twin() -> None:
    found: Any = control(
        candidates(GOOD, GOOD),
        config=DEFAULT,
        contains=NerWriter(dataset()).contains,
        words=examples.words,  # type: ignore[arg-type]
        test_texts=frozenset(),
    )
    assert found[1][0].detail == "of gout#0/0"
