"""Rows that go into Parquet and come back as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import tasks
from clinsynth.errors import DataFormatError
from clinsynth.files import parquet
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.relation.gold import Relation
from clinsynth.text.entities import Sentence, Span
from clinsynth.text.words import tokenise

FIRST = {"unit": "gout", "replicate": 0, "index": 1}
LISTS = [column for task in tasks.TASKS for column in tasks.kind(task).examples.LISTS]


@pytest.mark.parametrize(
    "rows",
    [
        [FIRST | {"text": "É “x”\u2028\n|", "tokens": ["É"], "tags": ["O"]}],
        [
            FIRST | {"text": "a", "labels": [], "weight": 1.0},
            FIRST | {"text": "b", "labels": ["A1", "B2"], "weight": 0.1},
        ],
        [FIRST | {"text": "a", "labels": [], "weight": 1.0}],
        [FIRST | {"text": "a", "reason": "remark", "detail": ""}, FIRST | {"text": "b", "tags": ["O"], "reason": "x"}],
        [],
    ],
)
def test_rows_come_back(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "below" / "a.parquet"
    parquet.write_parquet(path, rows, lists=LISTS)
    assert parquet.read_parquet(path) == rows
    assert path.exists() is bool(rows)


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        parquet.write_parquet(tmp_path / name, [FIRST | {"text": "x"}], lists=LISTS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.integers(0, 5), st.integers(1, 3))
def test_entities_stand_at_their_offsets_in_the_text_as_it_was_written(text: str, start: int, length: int) -> None:
    tokens = tokenise(text)
    if start + length > len(tokens):
        return
    example = Sentence(tuple(tokens), (Span(start, start + length, "Disease"),))
    (entity,) = parquet.with_entities(FIRST | {"text": text}, example)["entities"]
    assert entity["text"] == text[entity["start"] : entity["end"]]
    assert tokenise(entity["text"]) == tokens[start : start + length]
    assert entity["label"] == "Disease"


def test_entities_of_a_spacing_that_is_not_ours() -> None:
    text = "He had  Tay - Sachs disease , then gout."
    tokens = tokenise(text)
    spans = Gazetteer([("Tay-Sachs disease", "Disease"), ("gout", "Disease")]).find(tokens)
    example = Sentence(tuple(tokens), spans)
    found = parquet.with_entities({"text": text}, example)["entities"]
    assert [entity["text"] for entity in found] == ["Tay - Sachs disease", "gout"]


BOMBS: dict[str, Callable[[], pa.Table]] = {
    "one long text again and again": lambda: pa.table({"text": ["x" * 50_000] * 5000}),
    "a text that packs well": lambda: pa.table({"text": ["x" * 100_000_000]}),
    "a list without an end": lambda: pa.table({"tags": [["O"] * 20_000_000]}),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bomb: str) -> None:
    monkeypatch.setattr(parquet, "MOST", 1 << 24)
    path = tmp_path / "a.parquet"
    pq.write_table(BOMBS[bomb](), path, compression="zstd")
    assert path.stat().st_size < 1 << 17
    before = pa.total_allocated_bytes()
    with pytest.raises(DataFormatError, match=r"a\.parquet holds more than 16 MiB of rows"):
        parquet.read_parquet(path)
    assert pa.total_allocated_bytes() - before < 1 << 25


def test_a_type_that_is_small_on_the_disk_alone_is_refused(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays([0] * 5000, ["x" * 50_000])
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    with pytest.raises(DataFormatError, match=r"a\.parquet has a column text of dictionary"):
        parquet.read_parquet(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 99 + b"PAR1", b"<html>"])
def test_what_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(DataFormatError, match=r"a\.parquet is no Parquet file"):
        parquet.read_parquet(tmp_path / "a.parquet")


def test_what_has_a_label_of_its_own_gets_no_entities() -> None:
    row = {"text": "@GENE$ causes @DISEASE$.", "label": "Yes"}
    assert parquet.with_entities(row, Relation(row["text"], "Yes")) == row
