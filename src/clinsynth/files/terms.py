"""Lists of terms: one a line, or a column of a table."""

from __future__ import annotations

import csv
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode_lines

HEADS = ("term", "terms", "unit", "units", "entity", "entities", "name", "names", "concept", "concepts", "mention")
"""Headings of the column with the terms."""


def read_terms(path: Path) -> list[str]:
    """Return the terms of a list, each once; raises DataFormatError where there is none."""
    if not path.is_file():
        raise no_file(path, said="no list of terms")
    text = decode_lines(path)
    lines = _column(text, path=path) if path.suffix.lower() in (".csv", ".tsv") else text.split("\n")
    found = dict.fromkeys(" ".join(line.split()) for line in lines)
    found.pop("", None)
    if not found:
        raise DataFormatError(f"{path}: the list of terms is empty; it needs one term a line, such as: ataxia.")
    return list(found)


def _column(text: str, *, path: Path) -> list[str]:
    """Return the cells of the column with the terms; a table of one column may have no heading."""
    first = text.partition("\n")[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    place = next((heads.index(head) for head in HEADS if head in heads), None)
    if place is None and len(heads) > 1:
        raise DataFormatError(
            f"{path}: none of its columns ({', '.join(cell.strip() for cell in rows[0])}) is named `term`: name the "
            "one with the terms so. A list with one term a line, commas and all, is a .txt file."
        )
    if place is None:
        return [row[0] for row in rows]
    return [row[place] for row in rows[1:] if len(row) > place]
