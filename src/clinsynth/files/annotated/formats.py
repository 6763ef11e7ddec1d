"""The formats of annotated text, by name: a module each, which imports what it needs beyond ours when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from clinsynth.errors import ConfigError
from clinsynth.files.annotated import (
    bioc,
    bioc_json,
    brat,
    conll,
    delimited,
    docbin,
    i2b2,
    jsonl,
    label_studio,
    parquet,
    pubtator,
    saved_datasets,
    xmi,
)
from clinsynth.files.annotated.losses import Losses
from clinsynth.files.annotated.texts import AnnotatedText


class Format(Protocol):
    """The parts of a module that reads and writes a format."""

    FOLDER: bool
    """Whether a folder holds the texts, each in files of its own; of other formats a folder is many files."""
    HOLDS: frozenset[str]
    """What it holds of a text (`losses`)."""

    def recognises(self, path: Path, head: str) -> bool:
        """Say whether a file, which begins with `head`, or a folder is in this format."""

    def read(self, path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
        """Return the texts; raises DataFormatError with file and line."""

    def adapt(self, text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
        """Return a text of what the format holds as it will be read again; adds to `lost` what that changes."""

    def write(self, path: Path, texts: Sequence[AnnotatedText]) -> None:
        """Write texts that `adapt` has returned."""


FORMATS: Mapping[str, Format] = {
    "brat": brat,
    "i2b2": i2b2,
    "xmi": xmi,
    "datasets": saved_datasets,
    "parquet": parquet,
    "docbin": docbin,
    "bioc": bioc,
    "bioc_json": bioc_json,
    "pubtator": pubtator,
    "label_studio": label_studio,
    "jsonl": jsonl,
    "conll": conll,
    "csv": delimited,
}
"""By the name that `format=` has; a file is of the first that recognises it."""


OF_WORDS = frozenset({"conll", "docbin"})
"""Those that split texts into words."""


BINARY = (".parquet", ".spacy")
"""Endings of files that are no text."""


def format_named(name: str) -> Format:
    """Return a format; raises ConfigError where there is none of the name."""
    if name not in FORMATS:
        raise ConfigError(f"format={name} is none that is known. Formats: {', '.join(FORMATS)}.")
    return FORMATS[name]
