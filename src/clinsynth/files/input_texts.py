"""Documents out of files, one after another: what is in memory is one of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.json_lines import check_characters, each_object
from clinsynth.files.tables import check_named_once, read_table
from clinsynth.files.utf8 import decode, not_utf8, old_line_ends

_DELIMITERS = {".csv": ",;\t", ".tsv": "\t"}

SUFFIXES = (".txt", ".jsonl", *_DELIMITERS)


@dataclass(frozen=True)
class InputText:
    text: str
    source: str
    """Its file, from the folder that was given on."""
    row: int | None
    """Its place in the file, from 0; `None` where it is all of it."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Other columns that are carried along."""


def input_files(given: Path, *, but: Path) -> list[Path]:
    """Return the file, or all files below a folder, in the order of their names; without the output `but`.

    Hidden ones are left out: systems and editors put copies of texts there.
    Raises ConfigError where there is none.
    """
    accepted = f"accepted are {', '.join(SUFFIXES)}, or a folder with such files."
    if given.is_file():
        if given.suffix.lower() not in SUFFIXES:
            raise ConfigError(f"input={given} is no file that can be read: {accepted}")
        return [given]
    if not given.is_dir():
        raise ConfigError(f"input={given} is not there; paths hang on the current folder, {Path.cwd()}.")
    own = but.resolve()
    found = [path for path in _files(given) if path.suffix.lower() in SUFFIXES and path.resolve() != own]
    if not found:
        raise ConfigError(f"input={given} is a folder without a file to read: {accepted}")
    return found


def left_out(given: Path) -> Counter[str]:
    """Count the files below a folder that hold no texts to read, by the ending of their names."""
    found = _files(given) if given.is_dir() else []
    return Counter(path.suffix.lower() or path.name for path in found if path.suffix.lower() not in SUFFIXES)


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder that are not hidden, in the order of their names."""

    def hidden(path: Path) -> bool:
        return any(part.startswith(".") for part in path.relative_to(folder).parts)

    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not hidden(path)]


def read_input_texts(paths: Sequence[Path], *, below: Path, column: str, keep: Sequence[str]) -> Iterator[InputText]:
    """Yield the texts of files; raises DataFormatError, with file and line, for what cannot be read."""
    for path in paths:
        source = str(path.relative_to(below)) if below.is_dir() else path.name
        if path.suffix.lower() == ".txt":
            yield InputText(decode(path), source, None)
            continue
        rows = _csv(path, used=(column, *keep))
        if path.suffix.lower() == ".jsonl":
            rows = each_object(_lines(path), path=path, accepted='a line has to be an object, as {"text": "..."}.')
        for number, (place, row) in enumerate(rows):
            absent = [name for name in (column, *keep) if name not in row]
            if absent:
                raise DataFormatError(
                    f"{place}: there is no column {', '.join(absent)}; there are {_clipped(row)}. "
                    "The text's is named by predict.column=..., others that are carried along by predict.keep=[...]."
                )
            text, kept = row[column], {name: row[name] for name in keep}
            if not isinstance(text, str):
                raise DataFormatError(f"{place}: {column} is {json.dumps(text)[:60]}, which is no text.")
            check_characters([text, kept], place=place)
            yield InputText(text, source, number, kept)


def _clipped(names: Iterable[Any]) -> str:
    """Return the names of columns; a file without a head may have a text in their place."""
    return ", ".join(f"{name[:40]}..." if len(name) > 40 else name for name in map(str, names)) or "none"


def _csv(path: Path, *, used: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows by the names of the first line."""
    lines = _lines(path)
    head = next(lines, "")
    if "\r" in head.rstrip("\r\n"):
        raise old_line_ends(path)
    names, rows = read_table(chain([head], lines), path=path, delimiters=_DELIMITERS[path.suffix.lower()])
    check_named_once(names, *used, path=path)
    for place, cells in rows:
        if len(cells) > len(names):
            raise DataFormatError(
                f"{place}: {len(cells)} cells and {len(names)} columns; a text with the delimiter in it needs quotes."
            )
        yield place, dict(zip(names, cells, strict=False))


def _lines(path: Path) -> Iterator[str]:
    """Yield lines with their ends, which are part of a quoted text; a byte order mark is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise not_utf8(path, line=number, byte=line[error.start]) from error
            if number == 1 and "\0" in text:  # UTF-16 without its mark
                raise not_utf8(path, line=number, byte=0)
            yield text.removeprefix("\ufeff") if number == 1 else text
