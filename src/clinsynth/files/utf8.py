"""Text of files, which has to be UTF-8; of other files it is said what they are, and what converts them."""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

from clinsynth.errors import DataFormatError

_BINARY = (
    (b"\x1f\x8b", "it is compressed (gzip). Unpack it: `gunzip --keep {path}`"),
    (b"BZh", "it is compressed (bzip2). Unpack it: `bunzip2 --keep {path}`"),
    (b"\xfd7zXZ\x00", "it is compressed (xz). Unpack it: `unxz --keep {path}`"),
    (b"\x28\xb5\x2f\xfd", "it is compressed (zstd). Unpack it: `unzstd {path}`"),
    (b"PK\x03\x04", "it is a ZIP archive, or a document of an office program (xlsx, docx). Save it as text in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "it is a document of an office program (xls, doc). Save it as text in UTF-8"),
    (b"%PDF", "it is a PDF. Take the text out of it: `pdftotext {path}`"),
    (b"PAR1", "it is a Parquet file. Write it as text in UTF-8"),
)
"""First bytes of files that are no text, and what to do."""

_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_HEAD = 1 << 20
"""Bytes of a file by which its encoding is guessed."""

_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NO_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_C1 = re.compile("[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
"""Control characters that nobody types: quotes, dashes and the like of Windows-1252 that were read as Latin-1."""


def decode(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark; raises DataFormatError for another one."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path, line=content.count(b"\n", 0, error.start) + 1, byte=content[error.start]) from error
    if "\0" in text and _wide(content[:_HEAD]):
        raise not_utf8(path, line=1, byte=0)
    return text


def decode_lines(path: Path) -> str:
    """Return the text of a file that is read line by line.

    Raises DataFormatError as `decode` does, for lines that end as on old Macs, and for a conversion that went wrong.
    """
    text = decode(path)
    if "\0" in text:
        raise not_utf8(path, line=text.count("\n", 0, text.index("\0")) + 1, byte=0)
    if "\r" in text and "\n" not in text:
        raise old_line_ends(path)
    if (found := _C1.search(text)) and max(text) <= "\xff":
        line = text.count("\n", 0, found.start()) + 1
        raise DataFormatError(
            f"{path}:{line}: {found.group()!r} is a control character: the file was Windows-1252, and was converted as "
            f"if it were Latin-1. Mend it: `iconv -f utf-8 -t latin1 {quote(str(path))} | iconv -f cp1252 -t utf-8 > "
            f"{_converted(path)}`."
        )
    return text


def not_utf8(path: Path, *, line: int, byte: int) -> DataFormatError:
    """Return the error of a file with such a byte in such a line, which says what converts the file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    known = next((said for start, said in _BINARY if head.startswith(start)), None)
    if known is not None:
        return DataFormatError(f"{path} is no text: {known.format(path=quote(str(path)))}.")
    what = "is not UTF-8" if byte else "stands in no text"
    return DataFormatError(f"{path}:{line}: byte {byte:#04x} {what}. {_remedy(path, head)}")


def old_line_ends(path: Path) -> DataFormatError:
    """Return the error of a file without a newline."""
    return DataFormatError(
        f"{path}:1: its lines end as on old Macs. Convert the file, for example with "
        f"`tr '\\r' '\\n' < {quote(str(path))} > {_converted(path)}`."
    )


def _remedy(path: Path, head: bytes) -> str:
    """Return what to do with a file that begins with `head`, by the encoding that it seems to have."""
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None) or _wide(head)
    if encoding is not None:
        return f"The file is {encoding.upper()}. Convert it: `{_convert(path, encoding)}`."
    if b"\0" in head:
        return "The file is binary, or damaged: it has to be text in UTF-8."
    runs = re.findall(rb"[\x80-\xff]+", head)
    beyond = sum(map(len, runs))
    if beyond - sum(map(len, _SEQUENCE.findall(head))) <= beyond / 4:
        without = _convert(path, "utf-8", flag="-c ")
        return f"The rest of the file is: mend that line, or leave such bytes out, `{without}`."
    if _NO_CP1252.search(head) or sum(len(run) for run in runs if len(run) > 3) > beyond / 2:
        return (
            f"`file -bi {quote(str(path))}` guesses the encoding. Convert the file from it, for example from Chinese "
            f"(gb18030) with `{_convert(path, 'gb18030')}`."
        )
    return f"Convert the file, for example from that of Windows with `{_convert(path, 'cp1252')}`."


def _wide(head: bytes) -> str | None:
    """Return the encoding of two or four bytes a character whose first ones are mostly 0; `None` for another one."""
    zeros = [head[place::4].count(0) / max(1, len(head) // 4) for place in range(4)]
    often = [share > 0.2 for share in zeros]
    known = {
        (False, True, True, True): "utf-32le",
        (True, True, True, False): "utf-32be",
        (False, True, False, True): "utf-16le",
        (True, False, True, False): "utf-16be",
    }
    return known.get((often[0], often[1], often[2], often[3]))


def _convert(path: Path, encoding: str, *, flag: str = "") -> str:
    return f"iconv {flag}-f {encoding} -t utf-8 {quote(str(path))} > {_converted(path)}"


def _converted(path: Path) -> str:
    return quote(str(path.with_name(f"converted-{path.name}")))
