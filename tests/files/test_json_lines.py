"""JSON lines: what is written is read, whatever the texts hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.files.json_lines import each_json_line, read_json_lines, write_json_lines


@pytest.mark.parametrize("text", ["", "a\u2028b\u2029c", "a\nb\r\nc\rd", "a\x0b\x0c\x1c\x85b", "é\ufeff"])
def test_rows_come_back_as_they_were_written(tmp_path: Path, text: str) -> None:
    rows = [{"text": text, "n": number} for number in range(3)]
    write_json_lines(tmp_path / "rows.jsonl", rows)
    assert read_json_lines(tmp_path / "rows.jsonl") == rows == list(each_json_line(tmp_path / "rows.jsonl"))
    assert (tmp_path / "rows.jsonl").read_bytes().count(b"\n") == 3


def test_blank_lines_and_carriage_returns_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"n": 1}\r\n\r\n\n{"n": 2}')
    assert read_json_lines(tmp_path / "rows.jsonl") == [{"n": 1}, {"n": 2}]
