"""JSON lines: an object a line, in UTF-8. Lines end at `\\n` alone, for a text may hold U+2028 and its like."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as text, a line each."""
    return "".join(map(json_line, rows))


def json_line(row: Mapping[str, Any]) -> str:
    """Return one row as text, its line end included."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file that `read_json_lines` reads."""
    write_lines(path, map(json_line, rows))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines, which have their ends, one after another."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file; raises ValueError where a line is no JSON."""
    return list(each_json_line(path))


def each_json_line(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file one after another, so that one of them is in memory."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def each_object(lines: Iterable[str], *, path: Path, accepted: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place (`file:line`) and the object of each line that a user has written.

    Raises DataFormatError, which ends with what is `accepted`, for a line that is no JSON object.
    """
    for place, _, row in each_value(lines, path=path, accepted=accepted):
        if not isinstance(row, dict):
            raise DataFormatError(f"{place}: {type(row).__name__} instead of an object; {accepted}")
        yield place, row


def each_value(lines: Iterable[str], *, path: Path, accepted: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the place (`file:line`), the line and its value, for each that is not blank.

    Raises DataFormatError, which ends with what is `accepted`, for a line that is no JSON, for a key that stands twice
    in one object, and for a file that is one array, or that spreads objects over lines.
    """
    first = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        if first and (line.startswith("[") or line.strip() == "{"):
            raise DataFormatError(f"{place}: {_converted(path, whole=line.startswith('['))}; {accepted}")
        first = False
        try:
            value = json.loads(line, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise DataFormatError(f"{place}: no JSON ({error.msg} at column {error.colno}); {accepted}") from error
        except (ValueError, RecursionError) as error:
            raise DataFormatError(f"{place}: {error}; {accepted}") from error
        yield place, line, value


def _converted(path: Path, *, whole: bool) -> str:
    """Return how to convert a file that is one array (`whole`), or whose objects stand on several lines each."""
    to = path.with_name(f"converted-{path.stem}.jsonl")
    what = "this is an array of all" if whole else "this one stands on several lines"
    command = f"jq -c '{'.[]' if whole else '.'}' {shlex.quote(str(path))} > {shlex.quote(str(to))}"
    return f"one object a line is wanted, and {what}. Convert the file: `{command}`"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def check_characters(content: Any, *, place: str) -> None:
    """Raise DataFormatError where a text of `content` cannot be written down."""
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise DataFormatError(f"{place}: an escape such as \\ud83d is half a character.") from error
