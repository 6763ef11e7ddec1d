"""Texts without their labels, out of files of any format: plain ones, tables, annotated text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.recognition import UnknownFormatError, data_files
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
        try:
            texts = read_annotated(path, columns=columns)
        except UnknownFormatError as error:
            raise DataFormatError(
                f"{_odd(path)}: it cannot be told how to read it. Texts are a .txt file, a folder with such files "
                "alone, or a file or folder in one of the formats that `clinsynth convert` reads: convert it, or take "
                "it out of the folder."
            ) from error
    found = [replace(text, mentions=(), links=(), labels=()) for text in texts if text.text.strip()]
    if not found:
        raise DataFormatError(f"{path}: there is no text in it.")
    return found


def _plain_files(path: Path) -> list[Path]:
    """Return the files of plain text; empty where annotations lie beside them (BRAT), or none is plain."""
    if path.is_file():
        return [path] if _is_plain(path) else []
    files = data_files(path)
    plain = [file for file in files if _is_plain(file)]
    return plain if len(plain) == len(files) else []


def _is_plain(file: Path) -> bool:
    return file.suffix.lower() == ".txt"


def _odd(path: Path) -> Path:
    """Return the first file of a folder that is not plain text; the path of a file or of an empty folder itself."""
    return next((file for file in data_files(path) if not _is_plain(file)), path) if path.is_dir() else path
