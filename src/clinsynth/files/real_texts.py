"""Texts without their labels, out of files of any format: plain ones, tables, annotated text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode


def read_plain_texts(path: Path, *, column: str) -> list[AnnotatedText]:
    """Return the texts of a file, or of the files of a folder, without what is said of them.

    A `.txt` file without an annotation beside it is one text, whose id is the file's name. Raises ConfigError where
    there is none, DataFormatError, with file and line, for what cannot be read.
    """
    if not path.exists():
        raise no_file(path, said="no texts")
    plain = _plain_files(path)
    if plain:
        texts = [AnnotatedText(decode(file), id=file.stem, place=str(file)) for file in plain]
    else:
        columns = {} if column == "text" else {"text": column}
        texts = read_annotated(path, columns=columns)
    found = [replace(text, mentions=(), links=(), labels=()) for text in texts if text.text.strip()]
    if not found:
        raise DataFormatError(f"{path}: there is no text in it.")
    return found


def _plain_files(path: Path) -> list[Path]:
    """Return the files of plain text; empty where annotations lie beside them (BRAT), or none is plain."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".txt" else []
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
    plain = [file for file in files if file.suffix.lower() == ".txt"]
    return plain if len(plain) == len(files) else []
