"""JSON lines as doccano, Prodigy, spaCy, the hub and our own commands write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.annotated.writing import write_annotated

TEXT = "Aspirin for gout."
DOCCANO = {"id": 7, "text": TEXT, "label": [[0, 7, "Drug"], [12, 16, "Disease"]]}
DOCCANO_RELATIONS = {
    "id": 7,
    "text": TEXT,
    "entities": [
        {"id": 20, "label": "Drug", "start_offset": 0, "end_offset": 7},
        {"id": 21, "label": "Disease", "start_offset": 12, "end_offset": 16},
    ],
    "relations": [{"id": 1, "from_id": 20, "to_id": 21, "type": "Treats"}],
}
PRODIGY = {
    "text": TEXT,
    "_input_hash": 1,
    "tokens": [{"text": "Aspirin", "start": 0, "end": 7, "id": 0}, {"text": "gout", "start": 12, "end": 16, "id": 2}],
    "spans": [
        {"start": 0, "end": 7, "token_start": 0, "token_end": 0, "label": "Drug"},
        {"start": 12, "end": 16, "token_start": 2, "token_end": 2, "label": "Disease"},
    ],
    "relations": [
        {
            "head": 0,
            "child": 2,
            "head_span": {"start": 0, "end": 7, "label": "Drug"},
            "child_span": {"start": 12, "end": 16, "label": "Disease"},
            "label": "Treats",
        }
    ],
    "answer": "accept",
}
LABEL_STUDIO_MIN = {
    "id": 7,
    "text": TEXT,
    "label": [
        {"start": 0, "end": 7, "text": "Aspirin", "labels": ["Drug"]},
        {"start": 12, "end": 16, "text": "gout", "labels": ["Disease"]},
    ],
}
BIGBIO = {
    "document_id": "7",
    "passages": [{"id": "p", "type": "title", "text": [TEXT], "offsets": [[0, 17]]}],
    "entities": [
        {"id": "a", "type": "Drug", "text": ["Aspirin"], "offsets": [[0, 7]], "normalized": []},
        {"id": "b", "type": "Disease", "text": ["gout"], "offsets": [[12, 16]], "normalized": []},
    ],
    "relations": [{"id": "r", "type": "Treats", "arg1_id": "a", "arg2_id": "b"}],
}
TOKENS = {"tokens": ["Aspirin", "for", "gout."], "ner_tags": ["B-Drug", "O", "B-Disease"], "text": TEXT}
PREDICTED = {
    "text": TEXT,
    "spans": [
        {"start": 0, "end": 7, "label": "Drug", "score": 0.9, "text": "Aspirin"},
        {"start": 12, "end": 16, "label": "Disease", "score": 0.8, "text": "gout"},
    ],
    "source": "a.txt",
}


def read(folder: Path, *rows: Any, **how: Any) -> list[AnnotatedText]:
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_annotated(path, **how)


@pytest.mark.parametrize(
    "row",
    [DOCCANO, DOCCANO_RELATIONS, PRODIGY, LABEL_STUDIO_MIN, BIGBIO, TOKENS, PREDICTED],
    ids=["doccano", "doccano relations", "prodigy", "label studio", "bigbio", "tokens", "predictions"],
)
def test_tools_say_the_same(row: dict[str, Any], tmp_path: Path) -> None:
    (text,) = read(tmp_path, row)
    kinds = [(found.start, found.type) for found in text.mentions]
    assert (text.text, kinds) == (TEXT, [(0, "Drug"), (12, "Disease")])
    if "relations" in row:
        (link,) = text.links
        ids = [found.id for found in text.mentions]
        assert (link.type, link.head, link.tail) == ("Treats", *ids)


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        ({"text": "a", "label": "yes"}, ("yes",)),
        ({"text": "a", "labels": ["A1", "B1"]}, ("A1", "B1")),
        ({"text": "a", "label": 3}, ("3",)),
        ({"text": "a", "labels": []}, ()),
        ({"text": "a"}, ()),
    ],
)
def test_labels_of_whole_texts(row: dict[str, Any], labels: tuple[str, ...], tmp_path: Path) -> None:
    (text,) = read(tmp_path, row)
    assert (text.labels, text.mentions) == (labels, ())


def test_columns_are_named_and_others_are_kept(tmp_path: Path) -> None:
    (text,) = read(
        tmp_path,
        {"note": "a b", "kind": "x", "case": 3, "age": 40},
        columns={"text": "note", "label": "kind", "id": "case"},
    )
    assert (text.text, text.labels, text.id, text.further) == ("a b", ("x",), "3", {"age": 40})
    with pytest.raises(DataFormatError, match=r"mine.jsonl:1: there is no column body .*note, kind"):
        read(tmp_path, {"note": "a b", "kind": "x"}, columns={"text": "body"})


def test_columns_keep_apart_when_they_are_written(tmp_path: Path) -> None:
    row = {"note": "a b", "kind": "", "text": "c", "labels": ["x"], "category": "y", "relations": [], "links": []}
    texts = read(tmp_path, row, columns={"text": "note", "label": "kind"})
    write_annotated(texts, tmp_path / "again.jsonl", format="jsonl")
    (text,) = read_annotated(tmp_path / "again.jsonl")
    further = {"other_text": "c", "other_labels": ["x"], "category": "y", "links": []}
    assert (text.text, text.labels, text.further) == ("a b", (), further)


def test_offsets_in_units_of_a_browser_are_found_out(tmp_path: Path) -> None:
    (text,) = read(
        tmp_path, {"text": "\U0001f600 gout", "spans": [{"start": 3, "end": 7, "label": "D", "text": "gout"}]}
    )
    assert text.covered(text.mentions[0]) == "gout"


def test_rows_that_were_rejected_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read(tmp_path, PRODIGY, PRODIGY | {"answer": "reject"})) == 1
    assert "1 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "gout", "entities": [[0, 9, "D"]]}, r"mine.jsonl:1: a mention from 0 to 9, beyond its text.*4 char"),
        ({"text": "gout", "entities": [[2, 2, "D"]]}, r"mine.jsonl:1: a mention from 2 to 2, which is no part"),
        ({"text": "gout", "entities": [[0, 4]]}, r"mine.jsonl:1: .* marks nothing"),
        ({"text": "gout", "entities": [{"start": 0, "end": 4}]}, r"mine.jsonl:1: .* has no type"),
        (
            {"text": "a gout", "spans": [{"start": 0, "end": 4, "label": "D", "text": "gout"}]},
            r"text says 'a go', and not 'gout'",
        ),
        ({"body": "gout"}, r"mine.jsonl:1: no text: its columns are body"),
        ({"tokens": ["gout"], "ner_tags": [1]}, r"mine.jsonl:1: '1' is no tag"),
        ({"tokens": ["gout"], "ner_tags": ["O", "O"]}, r"mine.jsonl:1: 1 words and 2 tags"),
        (
            {
                "text": "gout",
                "entities": [{"id": 1, "start": 0, "end": 4, "label": "D"}],
                "relations": [{"type": "R", "head": 1, "tail": 2}],
            },
            r"mine.jsonl:1: the relation R names the entity 2, which is not there: there are 1",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=said):
        read(tmp_path, row)
