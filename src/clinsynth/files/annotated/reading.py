"""Annotated texts out of a file or folder of any format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clinsynth.files.annotated.formats import format_named
from clinsynth.files.annotated.offsets import check_offsets
from clinsynth.files.annotated.recognition import data_files, recognise
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.sources import no_file


def read_annotated(
    path: Path, *, format: str | None = None, encoding: str | None = None, columns: Mapping[str, str] | None = None
) -> list[AnnotatedText]:
    """Return the texts of a file, or of the files of a folder, with all that is said of them.

    Without a format it is found out, and printed. `encoding` is UTF-8 unless it is named; `columns` are names or
    numbers of columns by what they hold: word, tag (columns), text, entities, relations, label, id (rows).

    Raises ConfigError for a path where nothing is and for a format that there is not, DataFormatError, with file and
    line, for what cannot be read, for offsets beyond a text, and for a relation to an entity that is not there.
    """
    if not path.exists():
        raise no_file(path)
    name = format or recognise(path, encoding=encoding)
    known = format_named(name)
    if format is None:
        print(f"{path} is read as {name} (format={name}).")
    files = [path] if known.FOLDER or path.is_file() else data_files(path)
    texts = [text for file in files for text in known.read(file, encoding=encoding, columns=columns or {})]
    for text in texts:
        check_offsets(text)
    return texts
