from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner import gold
from clinsynth.text.entities import Sentence
from support import dataset, sentence

PATH = Path("mine.tsv")
TWO = [sentence("mild/O ataxia/B"), sentence("DMD/B ./O")]


def read(text: str) -> list[Sentence]:
    return gold.read_sentences(text, path=PATH, dataset=dataset())


@pytest.mark.parametrize(
    "text",
    [
        "mild\tO\nataxia\tB-Disease\n\nDMD\tB-Disease\n.\tO\n\n",
        "mild\tO\nataxia\tB-Disease\n\nDMD\tB-Disease\n.\tO\n",
        "mild\tO\nataxia\tB-Disease\n\nDMD\tB-Disease\n.\tO",
        "mild\tO\nataxia\tB-Disease\n\n\n\nDMD\tB-Disease\n.\tO\n\n\n",
        "\n\nmild\tO\nataxia\tB-Disease\n \t\nDMD\tB-Disease\n.\tO\n",
        "mild\tO\r\nataxia\tB-Disease\r\n\r\nDMD\tB-Disease\r\n.\tO\r\n",
        "mild\tO \nataxia\tB-Disease\n\nDMD\tB-Disease\n.\tO\n",
        "mild\tO\t\nataxia\tB-Disease\t \t\n\nDMD\tB-Disease\t\r\n.\tO\n",
        "-DOCSTART-\tO\n\nmild\tO\nataxia\tB-Disease\n-DOCSTART-\tO\nDMD\tB-Disease\n.\tO\n",
        "-DOCSTART- -X- -X- O\n\nmild\tO\nataxia\tB-Disease\n\n-DOCSTART-\nDMD\tB-Disease\n.\tO\n-DOCSTART-\tO",
    ],
    ids=[
        "one newline",
        "no last blank",
        "no final newline",
        "many blanks",
        "leading blanks",
        "CRLF",
        "space after tag",
        "trailing tabs",
        "beginnings of documents",
        "beginnings of documents in other columns",
    ],
)
def test_layouts_that_are_read_alike(text: str) -> None:
    assert read(text) == TWO


def test_an_entity_of_several_words_and_its_neighbour() -> None:
    found = read("breast\tB-Disease\ncancer\tI-Disease\nataxia\tB-Disease\n")
    assert found == [sentence("breast/B cancer/I ataxia/B")]
    assert found[0].mentions == ["breast cancer", "ataxia"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("mild\tO\nataxia\n", 2, "'ataxia' has 1 column(s) where two are needed"),
        ("mild O\n", 1, "'mild O' has 1 column(s)"),
        ("mild\tO\n\nDMD\tNN\tB-Disease\n", 3, "has 3 column(s) where two are needed"),
        ("\tO\n", 1, "two are needed"),
        ("# sentence 1\nmild\tO\n", 1, "No column of it is a tag"),
        ("mild\tI-Disease\n", 1, "'I-Disease' at 'mild' follows no entity of its type"),
        ("mild\tO\nataxia\tI-Disease\n", 2, "follows no entity of its type"),
        ("DMD\tB-Disease\n\nmild\tI-Disease\n", 3, "follows no entity of its type"),
        ("DMD\tB-Disease\r\n\r\nmild\tI-Disease\r\n", 3, "follows no entity of its type"),
        ("DMD\tB-Chemical\n", 1, "unknown tag 'B-Chemical'; accepted are B-Disease, I-Disease, O"),
        ("DMD\tB-disease\n", 1, "unknown tag 'B-disease'"),
        ("DMD\t\n", 1, "unknown tag ''"),
        ("DMD\tO\nof\tE-Disease\n", 2, "unknown tag 'E-Disease'"),
        ("DMD\tB-Drug\n", 1, "dataset.entity_type=Drug"),
        ("DMD\tDisease\n", 1, "where an entity begins (B-)"),
    ],
)
def test_a_bad_line_is_named(text: str, line: int, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        read(text)
    assert str(raised.value).startswith(f"{PATH}:{line}: ")
    assert said in str(raised.value)


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0c", "\x1c"])
def test_only_a_newline_ends_a_line(inside: str) -> None:
    """An editor counts lines so, and texts from the web hold such characters."""
    assert [found.tokens for found in read(f"a{inside}b\tO\nc\tO\n")] == [(f"a{inside}b", "c")]


SENTENCES = st.lists(
    st.lists(st.tuples(st.text("abcxyz0-.", min_size=1, max_size=4), st.integers(0, 2)), min_size=1, max_size=6),
    max_size=4,
)


@given(SENTENCES)
def test_written_sentences_are_read_back(drawn: list[list[tuple[str, int]]]) -> None:
    """1 opens an entity, 2 goes on with one where there is one."""
    written, expected = [], []
    for words in drawn:
        tags: list[str] = []
        for _, kind in words:
            inside = kind == 2 and bool(tags) and tags[-1] != "O"
            tags.append("I-Disease" if inside else "B-Disease" if kind else "O")
        written.append("".join(f"{token}\t{tag}\n" for (token, _), tag in zip(words, tags, strict=True)))
        expected.append((tuple(token for token, _ in words), tags))
    assert [(found.tokens, found.tags) for found in read("\n".join(written))] == expected
