"""Data sets of the library datasets: folders that `save_to_disk` wrote, and those of the hub (`hf:name`).

What lies in such a folder is read without the library; one of the hub is fetched with it, and kept as Parquet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.arrow import texts_of
from clinsynth.files.annotated.losses import unchanged as adapt
from clinsynth.files.annotated.parquet import HOLDS
from clinsynth.files.annotated.texts import AnnotatedText

FOLDER = True

_SPLITS, _STATE = "dataset_dict.json", "state.json"

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]


def recognises(path: Path, head: str) -> bool:
    return path.is_dir() and any((path / name).is_file() for name in (_SPLITS, _STATE))


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a row; raises ConfigError for a folder with several splits, DataFormatError for a damaged one."""
    import pyarrow as pa

    try:
        if (path / _SPLITS).is_file():
            splits = json.loads((path / _SPLITS).read_text(encoding="utf-8"))["splits"]
            if len(splits) != 1:
                raise ConfigError(f"{path} has the splits {', '.join(splits)}: name one, as {path / splits[0]}.")
            path = path / splits[0]
        files = json.loads((path / _STATE).read_text(encoding="utf-8"))["_data_files"]
        tables = []
        for file in files:
            with pa.memory_map(str(path / file["filename"])) as content, pa.ipc.open_stream(content) as stream:
                tables.append(stream.read_all())
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataFormatError(
            f"{path} is no data set that `save_to_disk` wrote and that can be read ({type(error).__name__}: {error})."
        ) from error
    return texts_of(pa.concat_tables(tables), columns=columns, place=str(path))


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Raise ConfigError: the library reads Parquet, and there are not two ways to write one thing."""
    raise ConfigError(
        "format=datasets is read alone. format=parquet writes what the library reads: "
        f"`load_dataset('parquet', data_files='{path}')`."
    )
