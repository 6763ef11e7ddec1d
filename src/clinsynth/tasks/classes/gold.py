"""Gold data: `text<TAB>class` lines, a CSV or TSV with a header, or JSON lines, with `text` and `label`."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import check_characters, each_object
from clinsynth.files.tables import check_named_once, read_table
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.examples import Classified

_ACCEPTED = (
    "a row is text<TAB>class; a CSV or TSV with a header and JSON lines have the columns text and label, such as "
    '{"text": "...", "label": "effect"}.'
)
_COLUMNS = ("text", "label")


def read_classified(text: str, *, path: Path, dataset: ClassesDataset) -> list[Classified]:
    """Return the texts of one split; raises DataFormatError with file and line.

    A text has each marker of the dataset once.
    """
    return [_classified(*row, dataset=dataset) for row in _rows(text, path=path)]


def _rows(text: str, *, path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield place, text and class of each row."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson", ".json"):
        return _of_json(text, path=path)
    head = text.split("\n", 1)[0].strip().casefold()
    delimiter = "," if suffix == ".csv" else "\t"
    named = set(_COLUMNS) <= {cell.strip().strip('"') for cell in head.split(delimiter)}
    return (
        _of_table(text, path=path, delimiter=delimiter) if named or suffix == ".csv" else _of_columns(text, path=path)
    )


def _of_json(text: str, *, path: Path) -> Iterator[tuple[str, str, str]]:
    for place, row in each_object(text.split("\n"), path=path, accepted=_ACCEPTED):
        for name in _COLUMNS:
            if not isinstance(row.get(name), str):
                raise DataFormatError(f"{place}: there is no {name}, or it is no text; {_ACCEPTED}")
        check_characters([row[name] for name in _COLUMNS], place=place)
        yield place, row["text"], row["label"]


def _of_table(text: str, *, path: Path, delimiter: str) -> Iterator[tuple[str, str, str]]:
    names, rows = read_table(io.StringIO(text, newline=""), path=path, delimiters=delimiter)
    names = [name.strip().casefold() for name in names]
    if not set(_COLUMNS) <= set(names):
        raise DataFormatError(f"{path}:1: its columns are {', '.join(names) or 'none'}; {_ACCEPTED}")
    check_named_once(names, *_COLUMNS, path=path)
    for place, cells in rows:
        if len(cells) != len(names):
            raise DataFormatError(
                f"{place}: {len(cells)} cells, and the header has {len(names)}; a text with the delimiter in it needs "
                "quotes."
            )
        row = dict(zip(names, cells, strict=True))
        yield place, row["text"], row["label"]


def _of_columns(text: str, *, path: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(_COLUMNS):
            raise DataFormatError(f"{path}:{number}: {len(cells)} column(s); {_ACCEPTED}")
        yield f"{path}:{number}", cells[0], cells[1]


def _classified(place: str, text: str, label: str, *, dataset: ClassesDataset) -> Classified:
    text = " ".join(text.split())
    if not text:
        raise DataFormatError(f"{place}: the text is empty.")
    for marker in dataset.markers:
        if text.count(marker) != 1:
            raise DataFormatError(
                f"{place}: {marker} stands {text.count(marker)} times in {text[:80]!r}; each of dataset.markers "
                f"({', '.join(dataset.markers)}) stands once in a text, in the place of what its class is about."
            )
    known = _known(label, [*dataset.classes], place=place, of=dataset.name)
    return Classified(text, known, tuple(dataset.markers), dataset.negative)


def _known(label: str, classes: Sequence[str], *, place: str, of: str) -> str:
    """Return the class as the dataset writes it; raises DataFormatError where it has none of this name."""
    folded = {name.casefold(): name for name in classes}
    written = label.strip().casefold()
    if written in folded:
        return folded[written]
    near: list[Any] = difflib.get_close_matches(written, folded, n=1, cutoff=0.5)
    raise DataFormatError(
        f"{place}: {label.strip()!r} is no class of {of}: dataset.classes has {', '.join(classes)}."
        + (f" Did you mean {folded[near[0]]}?" if near else "")
    )
