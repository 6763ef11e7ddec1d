from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clinsynth.corpora import stored
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.stored import StoredExamples
from clinsynth.files.json_lines import write_json_lines

TEXTS = ["gout", "", "a\u2028b", "é" * 40, "last"]


def text_of(row: Mapping[str, Any]) -> str:
    return str(row["text"])


@pytest.fixture
def examples(tmp_path: Path) -> StoredExamples:
    write_json_lines(tmp_path / "examples.jsonl", [{"text": text} for text in TEXTS])
    return StoredExamples(tmp_path / "examples.jsonl", text_of)


def test_stored_examples_are_a_sequence(examples: StoredExamples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "BLOCK", 7)
    assert len(examples) == len(TEXTS)
    assert list(examples) == TEXTS
    assert [examples[place] for place in range(-5, 5)] == TEXTS * 2
    assert list(examples[1:4]) == TEXTS[1:4]
    assert list(reversed(examples)) == TEXTS[::-1]
    with pytest.raises(IndexError):
        examples[5]


def test_stored_examples_are_equal_wherever_they_are(examples: StoredExamples, tmp_path: Path) -> None:
    write_json_lines(tmp_path / "others.jsonl", [{"text": text, "unit": "x"} for text in TEXTS])
    assert examples == StoredExamples(tmp_path / "others.jsonl", text_of)
    assert examples == TEXTS
    assert examples != TEXTS[:-1]
    assert examples != [*TEXTS[:-1], "first"]
    assert examples != "gout"


def test_a_line_that_is_cut_and_no_line_at_all(examples: StoredExamples) -> None:
    content = examples.path.read_bytes()
    examples.path.write_bytes(content[:-1])
    assert list(StoredExamples(examples.path, text_of)) == TEXTS
    assert len(StoredExamples(examples.path, text_of)) == len(TEXTS)
    examples.path.write_bytes(b"")
    assert len(StoredExamples(examples.path, text_of)) == 0
    assert not StoredExamples(examples.path, text_of)


def test_spilled_lines_come_back_in_any_order_and_leave_nothing(tmp_path: Path) -> None:
    with SpilledLines(tmp_path) as lines:
        for text in TEXTS:
            lines.append(text)
        assert len(lines) == len(TEXTS)
        assert list(lines.at([4, 2, 2, 0, 1])) == [TEXTS[4], TEXTS[2], TEXTS[2], TEXTS[0], TEXTS[1]]
        lines.append("more")
        assert list(lines.at([5])) == ["more"]
    assert list(tmp_path.iterdir()) == []
