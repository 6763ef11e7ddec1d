"""CSV sheets for people: written as spreadsheets read them, read as spreadsheets save them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clinsynth.artifacts import write_whole
from clinsynth.errors import DataFormatError

_FORMULA = re.compile(r"[=+\-@\t\r]")
"""What a cell begins with that a spreadsheet would run."""


def write_sheet(path: Path, rows: Iterable[Mapping[str, str]], *, columns: Sequence[str]) -> None:
    """The whole sheet; a cell that would run as a formula begins with an apostrophe, which `read_sheet` takes off."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_inert(row[column]) for column in columns] for row in rows)
    write_whole(path, file.getvalue(), encoding="utf-8-sig")  # a spreadsheet knows UTF-8 by its mark


def read_sheet(path: Path, *, columns: Sequence[str]) -> list[dict[str, str]]:
    """These columns of each row, of a sheet that a spreadsheet may have saved with semicolons.

    Raises DataFormatError for a column that is not there, and for what is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFormatError(f"{path} is not UTF-8: save it as `CSV UTF-8`.") from error
    text = re.sub(r"\Asep=.\r?\n", "", text)  # Excel's own word for the delimiter
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(max(len(text), 131_072))
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames or ()]
    lacking = [name for name in columns if name not in reader.fieldnames]
    if lacking:
        raise DataFormatError(f"{path} has no column {', '.join(lacking)}: it needs {', '.join(columns)}.")
    return [{name: _plain(row[name] or "") for name in columns} for row in reader]


def _inert(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
