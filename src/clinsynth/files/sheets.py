"""CSV sheets for people: written as spreadsheets read them, read as spreadsheets save them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clinsynth.artifacts import write_whole
from clinsynth.errors import DataFormatError
from clinsynth.files.tables import check_named_once, read_table

_FORMULA = re.compile(r"[=+\-@\t\r]")
"""What a cell begins with that a spreadsheet would run."""

_NUMBERS = re.compile(r"[-+]?(\d[\d.,e±–%\[\] +-]*)?")
"""A number, or one with an interval, such as `+1.2 [-0.3, +2.5]`."""


def write_sheet(path: Path, rows: Iterable[Mapping[str, str]], *, columns: Sequence[str]) -> None:
    """The whole sheet; a cell that would run as a formula begins with an apostrophe, which `read_sheet` takes off."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([inert(row[column]) for column in columns] for row in rows)
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
    names, rows = read_table(io.StringIO(text, newline=""), path=path, delimiters=",;\t")
    names = [name.strip().casefold() for name in names]
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise DataFormatError(f"{path} has no column {', '.join(lacking)}: it needs {', '.join(columns)}.")
    check_named_once(names, *columns, path=path)
    return [
        {name: _plain(found.get(name, "")) for name in columns}
        for found in (dict(zip(names, cells, strict=False)) for _, cells in rows)
    ]


def inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows as it stands; numbers, signs and intervals stay as programs read them."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBERS.fullmatch(cell) else cell


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell
