"""Lists of terms, one a line."""

from __future__ import annotations

from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode_lines


def read_terms(path: Path) -> list[str]:
    """Return the terms of a list, each once; raises DataFormatError where there is none."""
    if not path.is_file():
        raise no_file(path, said="no list of terms")
    found = dict.fromkeys(" ".join(line.split()) for line in decode_lines(path).split("\n"))
    found.pop("", None)
    if not found:
        raise DataFormatError(f"{path}: the list of terms is empty; it needs one term a line, such as: ataxia.")
    return list(found)
