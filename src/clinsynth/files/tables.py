"""Tables that users write: a first line of names, then rows of cells, in CSV of one delimiter or another."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from clinsynth.errors import DataFormatError

Rows = Iterator[tuple[str, list[str]]]
"""Place (`file:line`) and cells of each row that is not blank."""


def read_table(lines: Iterable[str], *, path: Path, delimiters: str) -> tuple[list[str], Rows]:
    """Return the names of the columns, and the rows one after another.

    The delimiter is the one of `delimiters` that the first line has most of. Cells may be of any length.
    Raises DataFormatError, with file and line, for quotes that do not go together.
    """
    csv.field_size_limit(sys.maxsize)
    lines = iter(lines)
    head = next(lines, "")
    rows = _rows(chain([head], lines), path=path, delimiter=max(delimiters, key=head.count))
    return next(rows, ("", []))[1], ((place, cells) for place, cells in rows if cells)


def check_named_once(names: Iterable[str], *used: str, path: Path) -> None:
    """Raise DataFormatError where a column that is used stands twice: nobody knows which of them is meant."""
    doubled = [name for name in used if list(names).count(name) > 1]
    if doubled:
        raise DataFormatError(
            f"{path}:1: there are several columns {doubled[0]!r}. Leave one, or give the others another name."
        )


def _rows(lines: Iterable[str], *, path: Path, delimiter: str) -> Rows:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    ended = 0
    try:
        for cells in reader:
            yield f"{path}:{reader.line_num}", cells
            ended = reader.line_num
    except csv.Error as error:
        raise DataFormatError(
            f"{path}:{ended + 1}: {error}; is a quote left open in the row that begins here? A cell with a quote in it "
            'stands in quotes, and the quote is doubled: "He said ""no""."'
        ) from error
