"""Rows that go into Parquet and come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinsynth import tasks
from clinsynth.publishing import parquet
from clinsynth.tasks.ner.annotators import Gazetteer, label
from clinsynth.tasks.relation.gold import Relation
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
    parquet.write(path, rows, lists=LISTS)
    assert parquet.read(path) == rows
    assert path.exists() is bool(rows)


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        parquet.write(tmp_path / name, [FIRST | {"text": "x"}], lists=LISTS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.integers(0, 5), st.integers(1, 3))
def test_entities_stand_at_their_offsets_in_the_text_as_it_was_written(text: str, start: int, length: int) -> None:
    tokens = tokenise(text)
    if start + length > len(tokens):
        return
    example = label(tokens, places=[(start, start + length)], entity_type="Disease")
    (entity,) = parquet.with_entities(FIRST | {"text": text}, example)["entities"]
    assert entity["text"] == text[entity["start"] : entity["end"]]
    assert tokenise(entity["text"]) == tokens[start : start + length]
    assert entity["label"] == "Disease"


def test_entities_of_a_spacing_that_is_not_ours() -> None:
    text = "He had  Tay - Sachs disease , then gout."
    tokens = tokenise(text)
    example = label(tokens, places=Gazetteer(["Tay-Sachs disease", "gout"]).find(tokens), entity_type="Disease")
    found = parquet.with_entities({"text": text}, example)["entities"]
    assert [entity["text"] for entity in found] == ["Tay - Sachs disease", "gout"]


def test_what_has_a_label_of_its_own_gets_no_entities() -> None:
    row = {"text": "@GENE$ causes @DISEASE$.", "label": "Yes"}
    assert parquet.with_entities(row, Relation(row["text"], "Yes")) == row
