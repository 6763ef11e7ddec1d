"""Text of files, which has to be UTF-8."""

from __future__ import annotations

from pathlib import Path

from clinsynth.errors import DataFormatError


def decode(path: Path) -> str:
    """Text of a UTF-8 file, with or without a byte order mark."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise not_utf8(path, line=line, byte=content[error.start], start=content[:2]) from error


def not_utf8(path: Path, *, line: int, byte: int, start: bytes) -> DataFormatError:
    """The error of a file with such a byte; `start` are its first two, by which UTF-16 is known."""
    known = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "latin1"
    return DataFormatError(
        f"{path}:{line}: byte {byte:#04x} is not UTF-8. Convert the file, for example with "
        f"`iconv -f {known} -t utf-8 {path.name}`."
    )
