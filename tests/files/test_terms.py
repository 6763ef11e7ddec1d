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


TYPES = ("Problem", "Treatment")


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("a.txt", "chest pain\tProblem\naspirin\tTreatment\n\n", ["Problem:chest pain", "Treatment:aspirin"]),
        ("a.txt", "cold\tProblem\ncold\tTreatment\r\n", ["Problem:cold", "Treatment:cold"]),
        ("a.tsv", "cold\tProblem\n", ["Problem:cold"]),
        ("a.csv", "id,type,term\n1,Treatment,aspirin\n", ["Treatment:aspirin"]),
    ],
)
def test_terms_of_several_types_say_theirs(name: str, text: str, terms: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert read_terms(tmp_path / name, types=TYPES) == terms


def test_a_list_may_be_of_one_of_the_types(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("aspirin\nstents\n", encoding="utf-8")
    assert read_terms(tmp_path / "a.txt", types=("Treatment",)) == ["Treatment:aspirin", "Treatment:stents"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\tProblem\naspirin\n", r"a\.txt:2: the term 'aspirin' has no type.*term<TAB>type.*Problem, Treatment"),
        ("aspirin\tDrug\n", r"a\.txt:1: the term 'aspirin' has the type 'Drug', which is not declared"),
        ("\n", "one term a line, such as: aspirin<TAB>Problem"),
    ],
)
def test_a_term_without_its_type_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataFormatError, match=said):
        read_terms(tmp_path / "a.txt", types=TYPES)
