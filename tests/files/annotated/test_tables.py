"""Tables of texts with labels: CSV, TSV, Parquet, data sets of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.reading import read_annotated


def read(path: Path, content: str | bytes, **how: Any) -> list[tuple[str, tuple[str, ...]]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(text.text, text.labels) for text in read_annotated(path, **how)]


@pytest.mark.parametrize(
    ("name", "content", "how"),
    [
        ("a.csv", "text,label\nhe has pain,yes\nx,no\n", {}),
        ("a.csv", "Text;Label\nhe has pain;yes\nx;no\n", {"columns": {"text": "Text", "label": "Label"}}),
        ("a.tsv", "text\tlabel\r\nhe has pain\tyes\r\nx\tno\r\n", {}),
        ("a.csv", "yes,he has pain\nno,x\n", {"columns": {"label": "1", "text": "2"}}),
        ("a.csv", '"text","label"\n"he has pain","yes"\n"x","no"\n', {}),
        ("a.csv", b"\xff\xfe" + "text,label\nhe has pain,yes\nx,no\n".encode("utf-16-le"), {"encoding": "utf-16"}),
    ],
)
def test_tables_are_read(name: str, content: str | bytes, how: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path / name, content, **how) == [("he has pain", ("yes",)), ("x", ("no",))]


def test_a_cell_may_hold_several_labels(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "text,labels\na,A1;B1\nb,\n") == [("a", ("A1", "B1")), ("b", ())]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,labels,labels\nhe,A1,B1\n", r"a.csv:1: there are several columns 'labels'"),
        ("text,label\nhe,has,A1\n", r"a.csv:2: 3 cells and 2 columns"),
        ("body,label\nhe,A1\n", r"a.csv:2: no text: its columns are body, label"),
        ('text,label\n"he,A1\n', r"a.csv:2: .*quote"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=said):
        read(tmp_path / "a.csv", content)


ROWS = {"tokens": [["mild", "gout"]], "ner_tags": [[0, 1]], "kind": [1]}


def features() -> Any:
    from datasets import ClassLabel, Features, Sequence, Value

    return Features(
        {
            "tokens": Sequence(Value("string")),
            "ner_tags": Sequence(ClassLabel(names=["O", "B-Disease"])),
            "kind": ClassLabel(names=["old", "new"]),
        }
    )


@pytest.mark.parametrize("how", ["parquet", "saved", "splits"])
def test_names_of_classes_are_those_of_the_data_set(how: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(ROWS, features=features())
    path = tmp_path / "mine"
    if how == "parquet":
        data.to_parquet(path)
    else:
        (data if how == "saved" else datasets.DatasetDict({"train": data})).save_to_disk(path)
    (text,) = read_annotated(path)
    assert (text.text, text.labels) == ("mild gout", ("new",))
    assert [(text.covered(found), found.type) for found in text.mentions] == [("gout", "Disease")]


def test_a_split_has_to_be_named(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(ROWS)
    datasets.DatasetDict({"train": data, "test": data}).save_to_disk(tmp_path / "mine")
    with pytest.raises(ConfigError, match=r"has the splits train, test: name one, as .*mine/train"):
        read_annotated(tmp_path / "mine")


def test_lists_of_parts_are_objects(tmp_path: Path) -> None:
    """As the library keeps a list of objects in older data sets: an object of lists."""
    entities = pa.array([{"start": [5], "end": [9], "label": ["D"]}])
    noted = (
        '{"info": {"features": {"entities": {"feature": {"start": {}, "end": {}, "label": {}}, "_type": "Sequence"}}}}'
    )
    table = pa.table({"text": ["mild gout"], "entities": entities}).replace_schema_metadata({"huggingface": noted})
    pq.write_table(table, tmp_path / "a.parquet")
    (text,) = read_annotated(tmp_path / "a.parquet")
    assert text.covered(text.mentions[0]) == "gout"


def test_a_damaged_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=r"a.parquet is no Parquet file that can be read"):
        read(tmp_path / "a.parquet", b"PAR1 and nothing")
