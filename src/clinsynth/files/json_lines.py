"""JSON lines: an object a line, in UTF-8. Lines end at `\\n` alone, for a text may hold U+2028 and its like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows as text, a line each."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file that `read_json_lines` reads."""
    path.write_text(json_lines(rows), encoding="utf-8")


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file; raises ValueError where a line is no JSON."""
    return list(each_json_line(path))


def each_json_line(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file one after another, so that one of them is in memory."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
