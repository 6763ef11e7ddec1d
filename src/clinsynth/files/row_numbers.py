"""Lists of row numbers: JSON, or one a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode


def read_row_numbers(path: Path, *, below: int) -> list[int]:
    """Return the numbers of a file, each once: `{"rows": [3, 1]}`, `[3, 1]`, or one a line.

    Raises DataFormatError for what is no number from 0 to `below` - 1, and for a file without any.
    """
    if not path.is_file():
        raise no_file(path, said="no row numbers")
    text = decode(path)
    for value in found if (found := _listed(text)) is not None else []:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
            raise DataFormatError(f"{path}: {value!r} is no row of the {below} that there are, counted from 0.")
    if not found:
        raise DataFormatError(f'{path} holds no row numbers: it has to be {{"rows": [3, 1]}}, [3, 1], or one a line.')
    return list(dict.fromkeys(found))


def _listed(text: str) -> list[Any] | None:
    """Return what is listed; `None` where it is no list."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [int(line) if line.strip().isdecimal() else line for line in text.split("\n") if line.strip()]
    value = value.get("rows") if isinstance(value, dict) else value
    return [value] if isinstance(value, int) else value if isinstance(value, list) else None
