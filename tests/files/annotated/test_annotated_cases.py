"""Small files that went wrong, from `../shared/cases`, where they are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from support import CORPORA

CASES = CORPORA.parent / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")

GOUT = ("The gout", [("gout", "Disease")])


@pytest.mark.parametrize(
    ("case", "encoding", "right"),
    [
        ("conll_docstart/test.tsv", None, GOUT),
        ("conll_messages/bioes.tsv", None, GOUT),
        ("conll_messages/four_columns.tsv", None, GOUT),
        ("conll_messages/space.tsv", None, GOUT),
        ("conll_messages/trailing_tab.tsv", None, GOUT),
        ("cp1252/test.tsv", "cp1252", ("The “gout”", [("“gout”", "Disease")])),
    ],
)
def test_columns_that_were_refused_are_read(
    case: str, encoding: str | None, right: tuple[str, Sequence[tuple[str, str]]]
) -> None:
    (text,) = read_annotated(CASES / case, encoding=encoding)
    assert (text.text, [(text.covered(found), found.type) for found in text.mentions]) == right


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("cp1252/test.tsv", r"test.tsv:2: byte 0x93 is not UTF-8.*iconv -f cp1252.*encoding=cp1252"),
        ("cp1252/x.tsv.gz", r"compressed \(gzip\)"),
        ("criteria_csv/two_columns.csv", r"two_columns.csv:1: there are several columns 'labels'"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(case: str, said: str) -> None:
    with pytest.raises(DataFormatError, match=said):
        read_annotated(CASES / case, format="csv" if case.endswith("csv") else "conll")


def test_a_table_of_criteria_is_read(tmp_path: Path) -> None:
    columns = {"text": "Text", "label": "Labels"}
    texts = read_annotated(CASES / "criteria_csv" / "header.csv", columns=columns)
    assert [(text.text, text.labels) for text in texts] == [("he has pain", ("A1",)), ("x", ("B1",))]
    (text,) = read_annotated(CASES / "criteria_csv" / "array.json")
    assert (text.text, text.labels) == ("he has", ("A1", "B1"))
    (tmp_path / "long.csv").write_text(f'text,labels\n"{"word " * 40000}",A1;B1\n', encoding="utf-8")
    (text,) = read_annotated(tmp_path / "long.csv")
    assert (len(text.text), text.labels) == (200000, ("A1", "B1"))


def test_a_mark_of_label_studio_is_where_it_says(tmp_path: Path) -> None:
    (text,) = read_annotated(CASES / "label_studio" / "no_text.json")
    assert [text.covered(found) for found in text.mentions] == ["gout"]
