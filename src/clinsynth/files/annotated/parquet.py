"""Parquet: a row a text, with the columns that JSON lines have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.arrow import texts_of
from clinsynth.files.annotated.losses import ATTRIBUTES, LABELS, LINKS, MENTIONS, OVERLAPS, PARTS, Losses
from clinsynth.files.annotated.rows import to_row
from clinsynth.files.annotated.texts import AnnotatedText

FOLDER = False
HOLDS = frozenset({MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS, LABELS})

_TEXT, _NUMBER = pa.string(), pa.int64()
_ENTITY = pa.struct(
    {
        "id": _TEXT,
        "start": _NUMBER,
        "end": _NUMBER,
        "label": _TEXT,
        "text": _TEXT,
        "parts": pa.list_(pa.list_(_NUMBER)),
        "attributes": _TEXT,
    }
)
_WORD = pa.struct({"text": _TEXT, "start": _NUMBER, "end": _NUMBER})
_LINK = pa.struct({"id": _TEXT, "type": _TEXT, "head": _TEXT, "tail": _TEXT})
_COLUMNS = {
    "id": _TEXT,
    "text": _TEXT,
    "entities": pa.list_(_ENTITY),
    "tokens": pa.list_(_WORD),
    "relations": pa.list_(_LINK),
    "labels": pa.list_(_TEXT),
}


def recognises(path: Path, head: str) -> bool:
    return head.startswith("PAR1")


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a row; raises DataFormatError for what is no Parquet."""
    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFormatError(f"{path} is no Parquet file that can be read ({reason}).") from error
    return texts_of(table, columns=columns, place=str(path))


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    return [text]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write the columns that some text has; attributes of a mention are JSON."""
    rows = [to_row(text) for text in texts]
    for row in rows:
        for entity in row["entities"]:
            entity["attributes"] = json.dumps(entity["attributes"]) if "attributes" in entity else None
    used = {name for row in rows for name in row} | {"text"}
    columns = {
        name: pa.array([row.get(name) for row in rows], type=kind) for name, kind in _COLUMNS.items() if name in used
    }
    pq.write_table(pa.table(columns), path)
