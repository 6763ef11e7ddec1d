"""The text of a file in the encoding that it has: UTF-8, or the one that is named."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.utf8 import decode


def text_of(path: Path, *, encoding: str | None) -> str:
    """Return the text of a file with the line ends that it has; a byte order mark is none of it.

    Without an encoding it has to be UTF-8. Raises DataFormatError with file and line for bytes of another one.
    """
    if encoding is None:
        try:
            return decode(path)
        except DataFormatError as error:
            raise DataFormatError(f"{error} Or say what it is: encoding=cp1252, encoding=utf-16 ...") from error
    content = path.read_bytes()
    try:
        text = content.decode(_codec(encoding))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataFormatError(
            f"{path}:{line}: byte {content[error.start]:#04x} stands in no text of encoding={encoding}: name another "
            f"one; `file -bi {path}` guesses it."
        ) from error
    return text.removeprefix("\ufeff")


def lines_of(path: Path, *, encoding: str | None) -> list[str]:
    """Return the lines without their ends, `\\n` or `\\r\\n`; other signs may stand inside one."""
    return [line.removesuffix("\r") for line in text_of(path, encoding=encoding).split("\n")]


def json_of(path: Path, *, encoding: str | None) -> Any:
    """Return what a JSON file holds; raises DataFormatError with file and line where it is broken."""
    try:
        return json.loads(text_of(path, encoding=encoding))
    except json.JSONDecodeError as error:
        raise DataFormatError(
            f"{path}:{error.lineno}: broken JSON ({error.msg} at column {error.colno}). Was the file cut off?"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; lists in lists without end
        raise DataFormatError(f"{path}: JSON that cannot be read ({error}).") from error


def head_of(path: Path, *, encoding: str | None, length: int = 1 << 16) -> str:
    """Return the beginning of a file, by which its format is told; of bytes that are no text, something."""
    with path.open("rb") as file:
        content = file.read(length)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    codec = _codec(encoding) if encoding else "utf-16" if wide else "utf-8"
    return content.decode(codec, errors="replace").removeprefix("\ufeff")


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, its line ends as they stand; one that begins with a byte order mark gets another."""
    path.write_text(text if not text.startswith("\ufeff") else f"\ufeff{text}", encoding="utf-8", newline="")


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise ConfigError(
            f"encoding={encoding} is not known; known are utf-8, utf-16, cp1252 (Windows), latin-1, gb18030 ..."
        ) from error
