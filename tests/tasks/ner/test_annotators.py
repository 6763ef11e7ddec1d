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
    return [detokenise(words[start:end]) for start, end in Gazetteer(terms).find(words)]


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
    assert len(Gazetteer(["gout", "gout gout"]).find(words)) == 20_000
    assert time.process_time() - started < 10


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12)
TERMS = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(" ".join), max_size=5)


@given(TERMS, WORDS)
def test_matches_are_terms_and_do_not_overlap(terms: list[str], words: list[str]) -> None:
    places = Gazetteer([f"{term} lengthened" for term in terms]).find([*words, "lengthened"])
    for start, end in places:
        assert " ".join([*words, "lengthened"][start:end]).removesuffix(" lengthened") in terms
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(places))


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
