from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.text.words import detokenise, offsets, tokenise, tokenise_with_offsets

# As in the corpora: runs of letters and digits, and single punctuation marks.
LETTERS = st.characters(categories=["Ll", "Lu", "Lo", "Nd"])
MARKED = st.characters(categories=["Ll", "Lo", "Mn", "Mc"])
WORDS = st.builds(str.__add__, LETTERS, st.text(MARKED, max_size=5)).filter(lambda word: tokenise(word) == [word])
MARKS = st.sampled_from(list(".,;:!?%()[]{}-–/'’\"*°+=<>&#@$_~|^`−→"))
TOKENS = st.lists(st.one_of(WORDS, MARKS), max_size=15)

NATURAL = [
    ("X - linked", "X-linked"),
    ("Parkinson ' s disease", "Parkinson's disease"),
    ("breast and / or ovarian cancer", "breast and/or ovarian cancer"),
    (
        "glucose - 6 - phosphate dehydrogenase ( G6PD ) deficiency",
        "glucose-6-phosphate dehydrogenase (G6PD) deficiency",
    ),
    ('the " cherry red " spot', 'the "cherry red" spot'),
    ('" a " and " b "', '"a" and "b"'),
    ("It is rare , but fatal .", "It is rare, but fatal."),
    ("in 50 % of patients ; n = 3", "in 50% of patients; n = 3"),
    ("[ 1 ] { 2 }", "[1] {2}"),
    ("ataxia – telangiectasia", "ataxia–telangiectasia"),
    ("Alzheimer ’ s", "Alzheimer’s"),
    ("Wolff - Parkinson - White syndrome", "Wolff-Parkinson-White syndrome"),
    ("", ""),
    ("ataxia", "ataxia"),
    ("患 者 有 痛 风 。 服 用 aspirin ， 50 mg", "患者有痛风。服用 aspirin ， 50 mg"),
    ("โ ร ค gout", "โรค gout"),
]


@pytest.mark.parametrize(("tokens", "written"), NATURAL)
def test_words_are_written_as_people_do(tokens: str, written: str) -> None:
    assert detokenise(tokens.split()) == written


@pytest.mark.parametrize(("tokens", "written"), NATURAL)
def test_natural_writing_is_split_as_gold_is(tokens: str, written: str) -> None:
    assert tokenise(written) == tokens.split()


@given(TOKENS)
def test_tokenise_gives_the_words_back(tokens: list[str]) -> None:
    assert tokenise(detokenise(tokens)) == tokens


@given(TOKENS)
def test_offsets_point_at_each_word(tokens: list[str]) -> None:
    written = detokenise(tokens)
    assert [written[start:end] for start, end in offsets(tokens)] == tokens


@given(TOKENS)
def test_tokenised_offsets_are_those_of_the_words(tokens: list[str]) -> None:
    found = tokenise_with_offsets(detokenise(tokens))
    assert found == [(token, *place) for token, place in zip(tokens, offsets(tokens), strict=True)]


@given(st.text(max_size=40))
def test_tokenise_drops_nothing_that_is_visible(text: str) -> None:
    kept = "".join(tokenise(text))
    assert not any(character.isspace() for character in kept)
    assert [sign for sign in kept if _is_visible(sign)] == [sign for sign in text if _is_visible(sign)]


def _is_visible(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNPS" and not sign.isspace()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("c.20A>T", "c . 20A > T"),
        ("β-globin_gene", "β - globin _ gene"),
        ("3.5% naïve", "3 . 5 % naïve"),
        ("  tab\tand\nline ", "tab and line"),
        ("a\u00a0b", "a b"),
        ("हिंदी में गठिया।", "हिंदी में गठिया ।"),
        ("ไข้สูง, โรค", "ไ ข้ สู ง , โ ร ค"),
        ("患者有2型糖尿病。", "患 者 有 2 型 糖 尿 病 。"),
        ("服用aspirin治疗", "服 用 aspirin 治 疗"),
        ("がんの痛み", "が ん の 痛 み"),
        ("ပန်းနာ", "ပ န်း နာ"),
        ("통풍이 있다", "통풍이 있다"),
        ("ὀδύνη, ἡ", "ὀδύνη , ἡ"),
        ("النقرس، مرض", "النقرس ، مرض"),
        ("می‌خواهم", "می‌خواهم"),
        ("na\u0308ive p\u0304-", "na\u0308ive p\u0304 -"),
        ("⚠\ufe0fgout \u0301x", "⚠\ufe0f gout x"),
        ("co\u00adop \u200b\u0007", "co\u00adop"),
    ],
)
def test_tokens_of_a_text(text: str, tokens: str) -> None:
    assert tokenise(text) == tokens.split()
