"""A split is known by its file or folder, and by how it is read where settings say so."""

from __future__ import annotations

from pathlib import Path

from clinsynth.config import ColumnsConfig, FileConfig
from clinsynth.keys import file_digest, gold_digest


def test_another_reading_of_a_file_is_another_split(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("a\tO\n", encoding="utf-8")
    plain = FileConfig(path="mine.tsv", url="https://example.org/mine.tsv")
    assert gold_digest(path, file=plain) == file_digest(path)
    read = [
        FileConfig(path="mine.tsv", format="conll"),
        FileConfig(path="mine.tsv", encoding="cp1252"),
        FileConfig(path="mine.tsv", columns=ColumnsConfig(tag="2")),
        FileConfig(path="mine.tsv", columns=ColumnsConfig(tag="3")),
    ]
    assert len({gold_digest(path, file=file) for file in (plain, *read)}) == 5


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    file = FileConfig(path="mine")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x", encoding="utf-8")
    first = gold_digest(tmp_path, file=file)
    (tmp_path / ".hidden").write_text("y", encoding="utf-8")
    assert gold_digest(tmp_path, file=file) == first
    (tmp_path / "a" / "x.txt").rename(tmp_path / "a" / "y.txt")
    assert gold_digest(tmp_path, file=file) != first
