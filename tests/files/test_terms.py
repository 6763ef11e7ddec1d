from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.terms import read_terms


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("a.csv", "Term\ngout\nataxia\n", ["gout", "ataxia"]),
        ("a.csv", 'id,term,count\n1,gout,3\n2,"Hodgkin disease, NOS",1\n3\n', ["gout", "Hodgkin disease, NOS"]),
        ("a.csv", "id;Name\n1;gout\n", ["gout"]),
        ("a.tsv", "term\tcount\ngout, acute\t3\n", ["gout, acute"]),
        ("a.csv", "gout\nataxia\n", ["gout", "ataxia"]),
        ("a.csv", "\ufeffterm\r\ngout\r\n", ["gout"]),
        ("a.txt", "gout, acute\nterm\n", ["gout, acute", "term"]),
    ],
)
def test_terms_are_a_list_or_a_column(name: str, text: str, terms: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert read_terms(tmp_path / name) == terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label\n1,gout\n", r"none of its columns \(id, label\) is named `term`"),
        ("term\n", "the list of terms is"),
    ],
)
def test_a_table_without_terms_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match=said):
        read_terms(tmp_path / "a.csv")
