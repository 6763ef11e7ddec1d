from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth.errors import DataFormatError
from clinsynth.files.parquet import read_parquet, write_parquet
from clinsynth.tasks.classes import examples
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.classes.gold import read_path

PLAIN = ClassesDataset(name="mine", task="classes", classes={"Yes": "it is", "no": "it is not"}, negative="no")
MASKED = ClassesDataset(name="mine", task="classes", classes={"x": "one", "y": "two"}, markers=["@A$", "@B$"])


def read(text: str, folder: Path, *, name: str = "t.tsv", dataset: ClassesDataset = PLAIN) -> list[Classified]:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return read_path(path, format=None, encoding=None, columns=None, dataset=dataset)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("train.tsv", "It is, so.\tYes\nIt  is not.\tNO\n"),
        ("train.txt", "It is, so.\tyes\r\n\r\nIt is not.\t no \r\n"),
        ("train.tsv", "label\ttext\nYes\tIt is, so.\nno\tIt is not.\n"),
        ("train.tsv", "sentence\tclass\nIt is, so.\tYes\nIt is not.\tno\n"),
        ("train.csv", 'id,text,label\n1,"It is, so.",Yes\n2,It is not.,no\n'),
        ("train.jsonl", '{"text": "It is, so.", "label": "Yes", "id": 3}\n{"text": "It is not.", "label": "no"}\n'),
    ],
)
def test_rows_are_read_in_every_form(name: str, text: str, tmp_path: Path) -> None:
    found = read(text, tmp_path, name=name)
    assert found == [Classified("It is, so.", "Yes", negative="no"), Classified("It is not.", "no", negative="no")]


def test_a_text_has_each_marker_once(tmp_path: Path) -> None:
    (found,) = read("@B$ raises @A$.\ty\n", tmp_path, dataset=MASKED)
    assert found == Classified("@B$ raises @A$.", "y", ("@A$", "@B$"))
    assert [(mark["text"], mark["start"]) for mark in found.entities()] == [("@B$", 0), ("@A$", 11)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.tsv", "a\tyes\nb\tmaybe\n", "t.tsv:2: 'maybe' is no class of mine: dataset.classes has Yes, no."),
        ("t.tsv", "a\tys\n", "Did you mean Yes?"),
        ("t.tsv", "a\n", "t.tsv:1: 1 column"),
        ("t.tsv", "a\tb\tyes\n", "t.tsv:1: 3 column"),
        ("t.tsv", " \tyes\n", "t.tsv:1: the text is empty"),
        ("t.csv", "note,kind\na,yes\n", "t.csv:2: a text has one class, and this one has none"),
        ("t.csv", "text,labels\na,yes;no\n", "t.csv:2: a text has one class, and this one has 'yes', 'no'"),
        ("t.jsonl", '{"text": "a"}\n', "t.jsonl:1: a text has one class, and this one has none"),
        ("t.jsonl", '{"text": "a", "label": 1}\n', "t.jsonl:1: '1' is no class of mine"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError) as error:
        read(text, tmp_path, name=name)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["@A$ alone\tx\n", "@A$ @A$ @B$\tx\n"])
def test_a_text_without_its_markers_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=r"t.tsv:1: @[AB]\$ stands [02] times"):
        read(text, tmp_path, dataset=MASKED)


@given(
    st.lists(
        st.builds(
            Classified,
            st.text(min_size=1),
            st.sampled_from(["x", "y"]),
            st.sampled_from([(), ("@A$",), ("@A$", "@B$")]),
            st.sampled_from([None, "x"]),
        )
    )
)
def test_an_example_is_read_as_it_was_written(found: list[Classified]) -> None:
    assert [examples.from_json(example.to_json()) for example in found] == found


def test_examples_are_counted_by_class() -> None:
    found = [Classified("a", "x"), Classified("b", "y"), Classified("c", "x")]
    assert examples.describe(found) == {"texts": 3, "x": 2, "y": 1}
    assert examples.statistics(found) == {"x": 2, "y": 1}


def test_columns_and_encodings_of_ones_own_are_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes("note;kind\nÄrger, so.;YES\n".encode("cp1252"))
    columns = {"text": "note", "label": "kind"}
    found = read_path(path, format=None, encoding="cp1252", columns=columns, dataset=PLAIN)
    assert [(text.text, text.label) for text in found] == [("Ärger, so.", "Yes")]


@pytest.mark.parametrize("negative", [None, "x"])
def test_an_example_is_exported_and_read_again(negative: str | None, tmp_path: Path) -> None:
    """Rows of Parquet lack what is null."""
    found = [Classified("a", "x", negative=negative), Classified("b", "y", negative=negative)]
    write_parquet(tmp_path / "x.parquet", [example.to_json() for example in found], lists=examples.LISTS)
    assert [examples.from_json(row) for row in read_parquet(tmp_path / "x.parquet")] == found
