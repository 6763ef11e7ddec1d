"""JSON lines with offsets, as doccano and Prodigy write them, or with words and tags, or labels of whole texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinsynth.files.annotated.decoding import text_of
from clinsynth.files.annotated.losses import EVERYTHING
from clinsynth.files.annotated.losses import unchanged as adapt
from clinsynth.files.annotated.rows import from_rows, to_row
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.json_lines import each_object, write_json_lines

FOLDER = False
HOLDS = EVERYTHING

_ACCEPTED = 'a line is an object, such as {"text": "mild gout", "entities": [[5, 9, "Disease"]]}.'

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]


def recognises(path: Path, head: str) -> bool:
    """Say whether the first line is an object, or its name that of JSON lines."""
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return True
    line = head.lstrip().split("\n", 1)[0].strip()
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a line; raises DataFormatError with file and line."""
    lines = text_of(path, encoding=encoding).split("\n")
    return from_rows(each_object(lines, path=path, accepted=_ACCEPTED), columns=columns)


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write an object a line, with `text`, `entities` and what else there is."""
    write_json_lines(path, map(to_row, texts))
