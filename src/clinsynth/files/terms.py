"""Lists of terms, one a line."""

from __future__ import annotations

from pathlib import Path

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.utf8 import decode


def read_terms(path: Path) -> list[str]:
    """Return the terms of a list, each once; raises DataFormatError where there is none."""
    if not path.is_file():
        raise ConfigError(f"no list of terms at {path}; paths hang on the current folder, {Path.cwd()}.")
    found = dict.fromkeys(" ".join(line.split()) for line in decode(path).split("\n"))
    found.pop("", None)
    if not found:
        raise DataFormatError(f"{path}: the list of terms is empty; it needs one term a line, such as: ataxia.")
    return list(found)
