from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.tasks.ner.annotators import Gazetteer, is_acronym
from clinsynth.text.alignment import place_in_order
from clinsynth.text.words import detokenise, tokenise


def found(terms: list[str], text: str) -> list[str]:
    words = tokenise(text)
    return [detokenise(words[span.start : span.end]) for span in gazetteer(terms).find(words)]


def gazetteer(terms: list[str], **options: str) -> Gazetteer:
    return Gazetteer([(term, "Disease") for term in terms], **options)


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        (["ataxia"], "Ataxia, ATAXIA and ataxia", ["Ataxia", "ATAXIA", "ataxia"]),
        (["ataxia"], "ataxias and ataxic signs", ["ataxias"]),
        (["breast cancer"], "breast cancers of the breast", ["breast cancers"]),
        (["cancer", "breast cancer"], "Breast cancer is a cancer", ["Breast cancer", "cancer"]),
        (["a b", "b c d"], "a b c d", ["b c d"]),
        (["b", "b b"], "b b b", ["b b", "b"]),
        (["AS"], "as AS as As", ["AS"]),
        (["WAS"], "it was in WAS", ["WAS"]),
        (["NO", "K"], "no NO, K and k", ["NO", "K"]),
        (["DMD"], "two DMDs, no dmd", ["DMDs"]),
        (["Tay-Sachs disease"], "tay - Sachs disease", ["tay-Sachs disease"]),
        (["Parkinson's disease"], "Parkinson's disease", ["Parkinson's disease"]),
        (["ataxia"], "ataxia-telangiectasia", ["ataxia"]),
        (["Parkinson’s disease"], "Parkinson's disease", ["Parkinson's disease"]),
        (["gout"], "goutte and agout", []),
        (["diabetes"], "diabetess", []),
        (["cancer", "gout"], "gout cancer gout", ["gout", "cancer", "gout"]),
        ([" ", "gout"], "gout", ["gout"]),
        (["İzmir"], "in İZMİR", []),
        ([], "gout", []),
    ],
)
def test_known_terms_are_found(terms: list[str], text: str, expected: list[str]) -> None:
    assert found(terms, text) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("AS", True),
        ("K", True),
        ("no", True),
        ("vWD", True),
        ("A-T", True),
        ("SCA3", True),
        ("HNPCC", True),
        ("CaCl (2)", True),
        ("gout", False),
        ("Gout", False),
        ("ATAXIA", True),
        ("LEUKEMIA", False),
        ("DMD carrier state", False),
    ],
)
def test_acronyms_are_told_by_their_case(term: str, expected: bool) -> None:
    assert is_acronym(term) is expected


def test_a_word_that_repeats_takes_no_long_time() -> None:
    """A quadratic search takes half a minute."""
    words, started = ["gout"] * 40_000, time.process_time()
    assert len(gazetteer(["gout", "gout gout"]).find(words)) == 20_000
    assert time.process_time() - started < 10


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12)
TERMS = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(" ".join), max_size=5)


@given(TERMS, WORDS)
def test_matches_are_terms_and_do_not_overlap(terms: list[str], words: list[str]) -> None:
    spans = gazetteer([f"{term} lengthened" for term in terms]).find([*words, "lengthened"])
    for span in spans:
        assert " ".join([*words, "lengthened"][span.start : span.end]).removesuffix(" lengthened") in terms
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        ("cold/Problem cold/Treatment", "A cold remedy", ["cold/Problem"]),
        ("cold/Treatment cold/Problem", "A cold remedy", ["cold/Treatment"]),
        ("pain/Problem pain_relief/Treatment", "pain relief, pain", ["pain relief/Treatment", "pain/Problem"]),
        ("ECG/Test ecg/Problem", "an ECG or ecg", ["ECG/Test", "ecg/Problem"]),
        ("steroid/Problem steroids/Treatment", "steroids", ["steroids/Treatment"]),
    ],
)
def test_terms_have_their_types_and_the_first_type_of_a_term_counts(text: str, terms: str, expected: list[str]) -> None:
    words, pairs = tokenise(text), [term.replace("_", " ").split("/") for term in terms.split()]
    spans = Gazetteer([(term, kind) for term, kind in pairs]).find(words)
    assert [f"{detokenise(words[span.start : span.end])}/{span.label}" for span in spans] == expected


def test_terms_that_come_with_another_type_before_are_counted() -> None:
    terms = [("cold", "Problem"), ("Cold", "Treatment"), ("CT", "Test"), ("cold", "Problem")]
    assert Gazetteer(terms).of_several_types == [("Cold", "Treatment")]


@pytest.mark.parametrize(
    ("language", "term", "text", "expected"),
    [
        ("en", "fracture", "two fractures", ["fractures"]),
        ("es", "migraña", "dos migrañas", ["migrañas"]),
        ("de", "Fraktur", "zwei Frakturs", []),
        ("de-AT", "EKG", "ein EKG, kein ekg", ["EKG"]),
        ("zh", "CT", "CTs", []),
    ],
)
def test_plurals_are_of_languages_that_have_them(language: str, term: str, text: str, expected: list[str]) -> None:
    words = tokenise(text)
    spans = gazetteer([term], language=language).find(words)
    assert [detokenise(words[span.start : span.end]) for span in spans] == expected


@pytest.mark.parametrize(
    ("mentions", "expected", "absent"),
    [
        (["cancer"], [(1, 2)], []),
        (["breast cancer", "cancer"], [(0, 2), (3, 4)], []),
        (["cancer", "breast cancer"], [(1, 2)], ["breast cancer"]),
        (["gout", "breast cancer"], [(0, 2), (5, 6)], []),
        (["Gout", "BREAST cancer"], [(0, 2), (5, 6)], []),
        (["Cancer", "Cancer"], [(1, 2), (3, 4)], []),
        (["gout", "gout"], [(5, 6)], ["gout"]),
        (["ataxia"], [], ["ataxia"]),
        (["breast", "or gout"], [(0, 1), (4, 6)], []),
        (["..."], [], ["..."]),
        (["breastcancer"], [], ["breastcancer"]),
        (["breast-cancer"], [], ["breast-cancer"]),
        (["breast  cancer"], [(0, 2)], []),
        (["bréast cancer", "góut"], [], ["bréast cancer", "góut"]),
        (["cance"], [], ["cance"]),
        ([], [], []),
    ],
)
def test_mentions_are_placed_in_order(mentions: list[str], expected: list[tuple[int, int]], absent: list[str]) -> None:
    tokens = ["breast", "cancer", ",", "cancer", "or", "gout"]
    assert place_in_order(mentions, tokens=tokens, by_words=True) == (expected, absent)
