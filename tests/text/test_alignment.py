from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.text.alignment import align, characters, occurrences, place_entities, place_in_order, place_names

SENTENCE = "Clustering of missense mutations in the ataxia - telangiectasia gene in a sporadic T - cell leukaemia ."
GOLD = SENTENCE.split()
WORDS = st.lists(st.text(st.sampled_from("abé-’ .ßI"), max_size=6), max_size=8)


def shown(places: list[tuple[int, int]]) -> list[str]:
    return [" ".join(GOLD[start:end]) for start, end in places]


def opposite(answer: str, gold: str) -> str:
    """What stands opposite each character of gold, with spaces left out; `_`: nothing."""
    told, wanted = characters(answer.split()), characters(gold.split())
    row = ["_"] * len(wanted.text)
    for left, right in align(told, wanted):
        row[right] = told.text[left]
    return "".join(row)


@given(WORDS)
def test_equal_words_are_aligned_one_to_one(words: list[str]) -> None:
    whole = characters(words)
    assert align(whole, whole) == [(at, at) for at in range(len(whole.text))]


@given(WORDS, WORDS)
def test_pairs_rise(left: list[str], right: list[str]) -> None:
    answer, gold = characters(left), characters(right)
    pairs = align(answer, gold)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
    assert all(a < len(answer.text) and b < len(gold.text) for a, b in pairs)


@given(WORDS, WORDS)
def test_nothing_is_left_open_where_something_is_equal(left: list[str], right: list[str]) -> None:
    """Splitting words otherwise changes where gaps are, never that an equal text is found."""
    joined = characters(["".join(left)])
    assert align(joined, characters([*left])) == [(at, at) for at in range(len(joined.text))]
    longer = characters([*left, *right])
    assert len(align(joined, longer)) == len(joined.text)


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("theory", "the theory", "___theory"),
        ("the theory", "the theory", "thetheory"),
        ("mild ataxia", "mild or severe ataxia", "mild________ataxia"),
        ("a cat sat", "a cat and a cat sat", "acat_______sat"),
        ("T-cell leukemia", "T - cell leukaemia", "t-cellleuk_emia"),
        ("no gout", "severe ataxia no gout", "____________nogout"),
        ("severe ataxia", "severe ataxia no gout", "severeataxia______"),
        ("mild xyz ataxia", "mild abc ataxia", "mildxyzataxia"),
        ("", "gout", "____"),
    ],
)
def test_what_is_missing_is_missing_in_one_piece(answer: str, gold: str, expected: str) -> None:
    assert opposite(answer, gold) == expected.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "entities", "places", "absent"),
    [
        ("the ataxia-telangiectasia gene", [(1, 2)], ["ataxia - telangiectasia"], []),
        ("the ataxia telangiectasia gene", [(1, 3)], ["ataxia - telangiectasia"], []),
        ("THE ATAXIA – TELANGIECTASIA GENE", [(1, 4)], ["ataxia - telangiectasia"], []),
        ("ataxia - telangiec tasia gene", [(0, 4)], ["ataxia - telangiectasia"], []),
        ("a sporadic T-cell leukaemia.", [(2, 4)], ["T - cell leukaemia"], []),
        ("a sporadic T - cell leukaemia .", [(2, 7)], ["T - cell leukaemia ."], []),
        ("a sporadic T-cell leukemia.", [(2, 4)], ["T - cell leukaemia"], []),
        ("a sporadic T gout", [(2, 4)], [], ["T gout"]),
        ("leukaemia", [(0, 1)], ["leukaemia"], []),
        ("gout", [(0, 1)], [], ["gout"]),
        ("leukaemia ataxia", [(0, 1), (1, 2)], ["ataxia", "leukaemia"], []),
        ("missense missense", [(0, 1), (1, 2)], ["missense"], []),
        ("sporadic", [], [], []),
    ],
)
def test_entities_are_placed(words: str, entities: list[tuple[int, int]], places: list[str], absent: list[str]) -> None:
    found, missing = place_entities(words.split(), entities=entities, tokens=GOLD)
    assert (shown(found), missing) == (places, absent)


@pytest.mark.parametrize(
    ("gold", "words", "entity", "expected"),
    [
        ("alkaptonuria ( AGU ) in", "alkaptonuria (AGU) in", (1, 2), "AGU"),
        ("alkaptonuria ( AGU ) , in", "alkaptonuria (AGU), in", (1, 2), "AGU"),
        ("alkaptonuria ( AGU ) in", "alkaptonuria (AGU) in", (0, 2), "alkaptonuria ( AGU )"),
        ("alkaptonuria ( AGU ) in", "alkaptonuria ( AGU ) in", (1, 4), "( AGU )"),
        ("type ( 2 ) gout", "type (2)gout", (1, 2), "( 2 ) gout"),
        ("CaCl ( 2 ) .", "CaCl(2).", (0, 1), "CaCl ( 2 )"),
        ('" gout "', '"gout"', (0, 1), "gout"),
        ("gout . .", "gout..", (0, 1), "gout"),
        (". . .", "...", (0, 1), "."),
    ],
)
def test_dragged_punctuation_is_trimmed(gold: str, words: str, entity: tuple[int, int], expected: str) -> None:
    tokens = gold.split()
    ((start, end),), _ = place_entities(words.split(), entities=[entity], tokens=tokens)
    assert " ".join(tokens[start:end]) == expected


@pytest.mark.parametrize(
    ("names", "tokens", "places", "absent"),
    [
        (["gout"], "gout and gout", [(0, 1), (2, 3)], []),
        (["gout", "gout"], "gout , gout and gout", [(0, 1), (2, 3)], []),
        (["AS"], "AS as AS", [(0, 1), (2, 3)], []),
        (["As"], "AS as", [(0, 1), (1, 2)], []),
        (["cancer", "breast cancer"], "breast cancer or cancer", [(0, 2), (3, 4)], []),
        (["breast-cancer"], "breast - cancer", [(0, 3)], []),
        (["breast - cancer"], "breast-cancer", [(0, 1)], []),
        (["gout", "ataxia"], "gout", [(0, 1)], ["ataxia"]),
        (["go"], "gout", [], ["go"]),
        ([], "gout", [], []),
    ],
)
def test_names_are_placed(names: list[str], tokens: str, places: list[tuple[int, int]], absent: list[str]) -> None:
    assert place_names(names, tokens=tokens.split()) == (places, absent)


@given(WORDS, st.lists(st.text(st.sampled_from("abé-’ .ßI"), max_size=6), max_size=4))
def test_places_never_overlap(tokens: list[str], names: list[str]) -> None:
    places, _ = place_names(names, tokens=tokens)
    assert all(0 <= start < end <= len(tokens) for start, end in places)
    assert all(one[1] <= two[0] for one, two in pairwise(places))


def test_occurrences_are_of_whole_tokens() -> None:
    assert occurrences("a a", tokens=["a", "a", "a"], fold=True) == [(0, 2), (1, 3)]
    assert occurrences("a", tokens=["aa"], fold=True) == []
    assert occurrences("", tokens=["a"], fold=True) == []


def test_an_answer_that_is_no_sentence_is_not_aligned() -> None:
    places, absent = place_entities(["x" * 2_000_000, "leukaemia"], entities=[(1, 2)], tokens=GOLD)
    assert (shown(places), absent) == (["leukaemia"], [])


@pytest.mark.parametrize("by_words", [True, False])
@pytest.mark.parametrize("number", [1, 5000])
def test_a_word_that_repeats_takes_no_long_time(number: int, by_words: bool) -> None:
    """A cubic search takes a quarter of an hour."""
    words, started = ["gout"] * number, time.process_time()
    places, missed = place_in_order([*words, "gout"], tokens=words, by_words=by_words)
    assert (places, missed) == ([(at, at + 1) for at in range(number)], ["gout"])
    assert place_names(["gout"], tokens=words) == (places, [])
    assert time.process_time() - started < 5


def test_the_first_free_place_is_found_behind_and_before_the_last_one() -> None:
    tokens = ["a", "b", "a", "b", "a"]
    assert place_in_order(["b", "a", "a", "a", "b", "a"], tokens=tokens) == ([(n, n + 1) for n in range(5)], ["a"])
    assert place_in_order(["a b", "b a", "a"], tokens=tokens, taken=[(0, 1)]) == ([(0, 1), (2, 4), (4, 5)], ["b a"])
