from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner.annotators import Gazetteer, is_acronym, read_mentions
from clinsynth.text.alignment import place_in_order
from clinsynth.text.words import detokenise, tokenise
from clinsynth.types import Completion


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


def completion(text: str) -> Completion:
    return Completion("d/mentions/gout#0", "m", text, "stop")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. gout | breast cancer\n2. none", [["gout", "breast cancer"], []]),
        ("1. gout|breast cancer\n2. None", [["gout", "breast cancer"], []]),
        ("1) gout | breast cancer |\n2) ", [["gout", "breast cancer"], []]),
        ("Here are the mentions:\n1. gout | breast cancer\n2. -", [["gout", "breast cancer"], []]),
        ('1. "gout" | **breast cancer**\r\n2. n/a', [["gout", "breast cancer"], []]),
        ("gout | breast cancer\nnone", [["gout", "breast cancer"], []]),
        ("1. gout | gout\n2. gout", [["gout", "gout"], ["gout"]]),
        ("1. gout. | ataxia.\n2. (none)", [["gout", "ataxia"], []]),
        ("1. gout\n2. None mentioned.", [["gout"], []]),
    ],
)
def test_lists_of_mentions_are_read(text: str, expected: list[list[str]]) -> None:
    assert read_mentions(completion(text), sentences=2) == expected


@pytest.mark.parametrize("text", ["1. gout", "1. gout\n2. none\n3. none", "1. gout\n3. none", "2. a\n1. b", ""])
def test_a_wrong_number_of_lines_is_refused(text: str) -> None:
    with pytest.raises(DataFormatError, match=r"'d/mentions/gout#0' lists the mentions of \d sentences where 2 were"):
        read_mentions(completion(text), sentences=2)
