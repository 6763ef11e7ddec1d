"""CSV and TSV: a row a text, with labels of the whole text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import text_of, write_text
from clinsynth.files.annotated.losses import FURTHER, LABELS, Losses
from clinsynth.files.annotated.rows import from_rows
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.tables import check_named_once, read_table

FOLDER = False
HOLDS = frozenset({LABELS, FURTHER})

_DELIMITERS = {".csv": ",;\t", ".tsv": "\t"}
_SEVERAL = "labels"
"""The column in which a cell may hold several labels, with semicolons between them."""


def recognises(path: Path, head: str) -> bool:
    return path.suffix.lower() in _DELIMITERS


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a row; where all `columns` are numbers, from 1, the table has no line of names.

    Raises DataFormatError with file and line.
    """
    lines = io.StringIO(text_of(path, encoding=encoding), newline="")
    names, rows = read_table(lines, path=path, delimiters=_DELIMITERS.get(path.suffix.lower(), ",;\t"))
    if columns and all(name.isdecimal() for name in columns.values()):
        rows = chain([(f"{path}:1", names)], rows)
        names = [str(number) for number in range(1, len(names) + 1)]
    names = [name.strip() for name in names]
    check_named_once(names, *names, path=path)
    return from_rows(_rows(rows, names=names, columns=columns), columns=columns)


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text whose labels go into one cell, and whose other columns are words."""
    labels = tuple(re.sub(r"[;|]", "_", label) for label in text.labels)
    lost["labels whose semicolons become underscores"] += labels != text.labels
    further = {name: value if isinstance(value, str) else str(value) for name, value in text.further.items()}
    return [AnnotatedText(text.text, text.id, labels=labels, further=further)]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write a table with the columns id, text, labels and what else there is."""
    further = list(dict.fromkeys(name for text in texts for name in text.further))
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    writer.writerow(["id", "text", _SEVERAL, *further])
    for text in texts:
        writer.writerow([text.id, text.text, ";".join(text.labels), *(text.further.get(name, "") for name in further)])
    write_text(path, file.getvalue())


def _rows(
    rows: Iterator[tuple[str, list[str]]], *, names: Sequence[str], columns: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, cells in rows:
        if len(cells) != len(names):
            raise DataFormatError(
                f"{place}: {len(cells)} cells and {len(names)} columns; a text with the delimiter in it needs quotes."
            )
        row: dict[str, Any] = dict(zip(names, cells, strict=True))
        if _SEVERAL in row and columns.get("label", _SEVERAL) == _SEVERAL:
            row[_SEVERAL] = [label.strip() for label in re.split(r"[;|]", row[_SEVERAL]) if label.strip()]
        yield place, row
