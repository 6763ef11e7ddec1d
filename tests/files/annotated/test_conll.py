"""Columns: what is read of them, by whichever scheme, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
German JJ B-NP B-MISC
call NN I-NP O

-DOCSTART- -X- -X- O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""


def read(folder: Path, content: str | bytes, *, name: str = "mine.tsv", **how: object) -> list[AnnotatedText]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_annotated(path, **how)  # type: ignore[arg-type]


def marked(texts: list[AnnotatedText]) -> list[list[tuple[str, str]]]:
    return [[(text.covered(found), found.type) for found in text.mentions] for text in texts]


def test_conll_2003_is_read_with_its_documents(tmp_path: Path) -> None:
    texts = read(tmp_path, CONLL_2003)
    assert [(text.text, text.id) for text in texts] == [("EU rejects German call", "1-1"), ("Peter Blackburn", "2-2")]
    assert marked(texts) == [[("EU", "ORG"), ("German", "MISC")], [("Peter Blackburn", "PER")]]
    assert texts[0].place == f"{tmp_path / 'mine.tsv'}:3"
    assert [texts[0].text[start:end] for start, end in texts[0].words] == ["EU", "rejects", "German", "call"]


def test_other_columns_are_named_by_their_numbers(tmp_path: Path) -> None:
    texts = read(tmp_path, CONLL_2003, columns={"tag": "3"})
    assert marked(texts)[0] == [("EU", "NP"), ("rejects", "VP"), ("German call", "NP")]
    with pytest.raises(DataFormatError, match=r"mine.tsv:3: 4 column.*column 9"):
        read(tmp_path, CONLL_2003, columns={"tag": "9"})
    with pytest.raises(DataFormatError, match=r"numbers from 1: columns.word=text"):
        read(tmp_path, CONLL_2003, columns={"word": "text"})


ENTITIES = [("acute gout", "D"), ("ataxia", "D"), ("aspirin", "C")]


@pytest.mark.parametrize(
    "tags",
    [
        "I-D I-D O B-D O I-C",
        "B-D I-D O B-D O B-C",
        "B-D E-D O S-D O S-C",
        "B-D L-D O U-D O U-C",
    ],
)
def test_every_scheme_says_the_same(tags: str, tmp_path: Path) -> None:
    words = "acute gout and ataxia without aspirin"
    if tags.startswith("I-"):
        words, tags = "acute gout ataxia without aspirin", "I-D I-D B-D O I-C"
    rows = "".join(f"{word}\t{tag}\n" for word, tag in zip(words.split(), tags.split(), strict=True))
    assert marked(read(tmp_path, rows)) == [ENTITIES]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a I-D\nb O\nc B-D\n", r"mine.tsv:1: 'I-D' follows no entity.*mine.tsv:3: 'B-D' begins.*mixed"),
        ("a S-D\nb U-D\n", r"mine.tsv:1: 'S-D' is of BIOES, and .*:2: 'U-D' of BILOU.*mixed"),
        ("a S-D\nb B-D\nc O\n", r"mine.tsv:2: 'B-D' ends an entity .*:1: 'S-D'.*mixed"),
        ("a O\nb S-D\nc E-D\n", r"mine.tsv:3: 'E-D' begins an entity.*mixed"),
        ("a O\nb B-D\nc X-D\n", r"mine.tsv:3: 'X-D' is no tag"),
        ("a\tO\n\tB-D\n", r"mine.tsv:2: .* no word"),
        ("a\tO\nb\n", r"mine.tsv:2: 'b' has 1 column"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=said):
        read(tmp_path, content, format="conll")


@pytest.mark.parametrize(
    "content",
    [
        "# newdoc\nThe\tO\ngout\tB-D\n",
        "The O\ngout B-D\n",
        "The\tO\t\ngout\tB-D\t\n",
        "The\tO\r\ngout\tB-D\r\n\r\n",
        "\ufeffThe  O\ngout B-D\n",
        b"\xff\xfe" + "The\tO\ngout\tB-D\n".encode("utf-16-le"),
    ],
    ids=["comment", "blanks", "trailing tab", "crlf", "mark", "utf-16"],
)
def test_small_differences_do_not_matter(content: str | bytes, tmp_path: Path) -> None:
    how = {"encoding": "utf-16"} if isinstance(content, bytes) else {}
    texts = read(tmp_path, content, **how)
    assert [text.text for text in texts] == ["The gout"]
    assert marked(texts) == [[("gout", "D")]]


def test_a_number_sign_may_be_a_word(tmp_path: Path) -> None:
    assert read(tmp_path, "#\tO\ngout\tB-D\n")[0].text == "# gout"
