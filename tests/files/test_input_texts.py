"""Files of users: every document once, and what is wrong with a file said by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.input_texts import InputText, input_files, left_out, read_input_texts


def read(path: Path, *, column: str = "text", keep: tuple[str, ...] = ()) -> list[InputText]:
    return list(read_input_texts(input_files(path, but=path / "out.jsonl"), below=path, column=column, keep=keep))


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\n\r\ntwo ")
    (tmp_path / "b.JSONL").write_text('{"text": "x", "id": [1]}\n\n{"id": 2, "text": "\u2028y"}')
    (tmp_path / "c.csv").write_bytes(b'\xef\xbb\xbfid;text\r\n1;"a ""b""; c\r\nd"\r\n2;\r\n')
    (tmp_path / "d.tsv").write_text("text\tid\nx,y\t3\n")
    (tmp_path / "out.jsonl").write_text("not read")
    (tmp_path / "other.pdf").write_text("not read")
    assert read(tmp_path, keep=()) == [
        InputText("x", "b.JSONL", 0),
        InputText("\u2028y", "b.JSONL", 1),
        InputText('a "b"; c\r\nd', "c.csv", 0),
        InputText("", "c.csv", 1),
        InputText("x,y", "d.tsv", 0),
        InputText("one\r\n\r\ntwo ", str(Path("in") / "a.txt"), None),
    ]


def test_other_columns_are_carried_along(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"note": "x", "id": [1]}\n')
    assert read(path, column="note", keep=("id",)) == [InputText("x", "notes.jsonl", 0, {"id": [1]})]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"ok\n caf\xe9", r"a\.txt:2: byte 0xe9 .*iconv -f cp1252"),
        ("a.jsonl", b'{"text": "ok"}\n{"text": "caf\xe9"}\n', r"a\.jsonl:2: byte 0xe9"),
        ("a.csv", "text\nx\n".encode("utf-16"), r"a\.csv:1: .*iconv -f utf-16"),
        ("a.csv", b"note,id\nx,1\n", r"a\.csv:2: there is no column text; there are note, id"),
        ("a.csv", b"text,id,text\nx,1,y\n", r"a\.csv:1: there are several columns 'text'"),
        ("a.csv", b"text,id,id\nx,1,2\n", r"a\.csv:1: there are several columns 'id'"),
        ("a.jsonl", b'[{"text": "x"}]', r"a\.jsonl:1: one object a line is wanted.*jq -c '\.\[\]'"),
        ("a.csv", b"text,id\nx,y,1\n", r"a\.csv:2: 3 cells and 2 columns"),
        ("a.csv", b'text,id\n"x,1\n', r"a\.csv:\d: .*quote"),
        ("a.csv", b"id,text\r1,x\r", r"a\.csv:1: its lines end as on old Macs"),
        ("a.txt", "x".encode("utf-16"), r"a\.txt:1: .*iconv -f utf-16"),
        ("a.csv", b"x" * 99 + b"\ny\n", r"there are x{40}\.\.\.\. "),
        ("a.jsonl", b'{"text": 3}\n', r"a\.jsonl:1: text is 3, which is no text"),
        ("a.jsonl", b'{"text": "ok"}\n["x"]\n', r"a\.jsonl:2: list instead of an object; a line has to be an object"),
        ("a.jsonl", b'{"text": "ok"\n', r"a\.jsonl:1: no JSON"),
        ("a.jsonl", b'{"text": "\\ud83d"}\n', r"a\.jsonl:1: .*half a character"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFormatError, match=said):
        read(tmp_path / name, keep=("id",) if b"id,id" in content else ())


def test_what_is_no_input_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("")
    for path, said in (
        (tmp_path / "a.pdf", "accepted are"),
        (tmp_path, "without a file"),
        (tmp_path / "b", "not there"),
    ):
        with pytest.raises(ConfigError, match=said):
            read(path)


def test_files_of_other_kinds_are_counted(tmp_path: Path) -> None:
    for name in ("a.TXT", "b.pdf", "below/c.PDF", "README", ".d.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert left_out(tmp_path) == {".pdf": 2, "README": 1}
    assert not left_out(tmp_path / "b.pdf")


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ("a.txt", "._a.txt", ".checkpoints/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.name for path in input_files(tmp_path, but=tmp_path / "out.jsonl")] == ["a.txt"]


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": str(number)}) + "\n" for number in range(3)) + "{")
    found = read_input_texts([path], below=path, column="text", keep=())
    assert [next(found).text for _ in range(3)] == ["0", "1", "2"]  # before the fourth line is looked at
