from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.text.sentences import sentence_places

NOTE = """Admission Date: 2020-01-05
HISTORY: The patient was seen by Dr. Smith at 3 p.m. on Jan. 5. She takes aspirin 81 mg b.i.d. and metformin. No fever.
MEDICATIONS:
- aspirin 81 mg
- metformin 500 mg b.i.d. with food
1. gout
2. ataxia vs. stroke
(a) fever
IMPRESSION AND PLAN
Pt. denies chest pain. The dose was 0.5 mg, i.e. less
than before. Then 5 mg p.o. q.i.d. for a week.

A last paragraph without a stop
"""
SENTENCES = [
    "Admission Date: 2020-01-05",
    "HISTORY: The patient was seen by Dr. Smith at 3 p.m. on Jan. 5.",
    "She takes aspirin 81 mg b.i.d. and metformin.",
    "No fever.",
    "MEDICATIONS:",
    "- aspirin 81 mg",
    "- metformin 500 mg b.i.d. with food",
    "1. gout",
    "2. ataxia vs. stroke",
    "(a) fever",
    "IMPRESSION AND PLAN",
    "Pt. denies chest pain.",
    "The dose was 0.5 mg, i.e. less\nthan before.",
    "Then 5 mg p.o. q.i.d. for a week.",
    "A last paragraph without a stop",
]


def sentences(text: str, **options: object) -> list[str]:
    return [text[start:end] for start, end in sentence_places(text, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_note_is_cut_by_its_layout_and_its_sentences(ends: str) -> None:
    assert [found.replace(ends, "\n") for found in sentences(NOTE.replace("\n", ends))] == SENTENCES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Lee. Well.", ["Seen by Dr. Lee.", "Well."]),
        ("Take it b.i.d. after meals. Rest.", ["Take it b.i.d. after meals.", "Rest."]),
        ("Drugs, e.g. aspirin, help. So.", ["Drugs, e.g. aspirin, help.", "So."]),
        ("Temp. 38.5 and wt. 70 kg. Sent home.", ["Temp. 38.5 and wt. 70 kg.", "Sent home."]),
        ("E. coli grew (Fig. 2). Gout vs. ataxia.", ["E. coli grew (Fig. 2).", "Gout vs. ataxia."]),
        ("😀 He has gout. She 😀 has not.", ["😀 He has gout.", "She 😀 has not."]),
        ("Assessment: stable", ["Assessment: stable"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_of_a_text(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "患者有痛风。他服用阿司匹林。", ["患者有痛风。", "他服用阿司匹林。"]),
        ("hi", "रोगी को गठिया है। उसे बुखार है।", ["रोगी को गठिया है।", "उसे बुखार है।"]),
        ("es", "El Dr. García lo vio. Toma aspirina.", ["El Dr. García lo vio.", "Toma aspirina."]),
        ("de", "Der Pat. hat z.B. Gicht. Er hinkt.", ["Der Pat. hat z.B. Gicht.", "Er hinkt."]),
        ("pt-BR", "Tem gota. Passa bem.", ["Tem gota.", "Passa bem."]),
    ],
)
def test_sentences_by_language(language: str, text: str, expected: list[str]) -> None:
    assert sentences(text, language=language) == expected


def test_a_place_that_stays_whole_is_not_cut() -> None:
    text = "He has St. John. Syndrome now. Well."
    place = (text.index("John"), text.index(" now"))
    assert sentences(text, whole=[place]) == ["He has St. John. Syndrome now.", "Well."]


@given(st.text(alphabet=st.sampled_from("aB.:- \n1)é痛。"), max_size=60), st.integers(0, 50), st.integers(1, 20))
def test_nothing_visible_is_lost_and_no_place_is_cut(text: str, start: int, length: int) -> None:
    places = sentence_places(text, whole=[(start, start + length)])
    assert "".join("".join(text[first:last] for first, last in places).split()) == "".join(text.split())
    assert places == sorted(places)
    assert not any(start < first < start + length and text[start:first].strip() for first, _ in places)
