"""Which format a file or folder is in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import head_of
from clinsynth.files.annotated.formats import FORMATS

_ASIDE = (
    "readme",
    "licence",
    "license",
    "annotation.conf",
    "visual.conf",
    "tools.conf",
    "kb_shortcuts.conf",
    "manifest.json",
)
"""Files that lie beside data, and are none."""


class UnknownFormatError(DataFormatError):
    """No format fits a file or folder."""


def recognise(path: Path, *, encoding: str | None = None) -> str:
    """Return the name of the format of a file or folder; raises UnknownFormatError where none fits."""
    if path.is_file():
        head = head_of(path, encoding=encoding)
        found = next((name for name, known in FORMATS.items() if known.recognises(path, head)), None)
        return found or _unknown(path, seen=f"it begins with {head[:60]!r}")
    whole = next((name for name, known in FORMATS.items() if known.FOLDER and known.recognises(path, "")), None)
    if whole is not None:
        return whole
    files = data_files(path)
    if not files:
        return _unknown(path, seen="it holds no files")
    names = Counter(recognise(file, encoding=encoding) for file in files)
    if len(names) > 1:
        return _unknown(path, seen="its files are of " + ", ".join(f"{name} ({n})" for name, n in names.most_common()))
    return next(iter(names))


def data_files(path: Path) -> list[Path]:
    """Return the files of a folder and the folders in it, by name; without hidden ones, and what lies beside data."""
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not file.name.casefold().startswith(_ASIDE)
    ]


def _unknown(path: Path, *, seen: str) -> str:
    raise UnknownFormatError(
        f"{path}: it cannot be told which format this is: {seen}. Name it with format=..., one of "
        f"{', '.join(FORMATS)}; a file that is not UTF-8 needs encoding=..., too."
    )
