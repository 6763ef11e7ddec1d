"""Parquet: a row a text, with the columns that JSON lines have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.arrow import texts_of
from clinsynth.files.annotated.losses import ATTRIBUTES, LABELS, LINKS, MENTIONS, OVERLAPS, PARTS
from clinsynth.files.annotated.losses import unchanged as adapt
from clinsynth.files.annotated.rows import to_row
from clinsynth.files.annotated.texts import AnnotatedText

FOLDER = False
HOLDS = frozenset({MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS, LABELS})

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]


def recognises(path: Path, head: str) -> bool:
    return head.startswith("PAR1")


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a row; raises DataFormatError for what is no Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFormatError(f"{path} is no Parquet file that can be read ({reason}).") from error
    return texts_of(table, columns=columns, place=str(path))


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write the columns that some text has; attributes of a mention are JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [to_row(text) for text in texts]
    for row in rows:
        for entity in row["entities"]:
            entity["attributes"] = json.dumps(entity["attributes"]) if "attributes" in entity else None
    used = {name for row in rows for name in row} | {"text"}
    columns = {
        name: pa.array([row.get(name) for row in rows], type=kind) for name, kind in _columns().items() if name in used
    }
    pq.write_table(pa.table(columns), path)


def _columns() -> dict[str, Any]:
    """Return Arrow's types of the columns that there may be."""
    import pyarrow as pa

    said, number = pa.string(), pa.int64()
    entity = {"id": said, "start": number, "end": number, "label": said, "text": said}
    entity |= {"parts": pa.list_(pa.list_(number)), "attributes": said}
    return {
        "id": said,
        "text": said,
        "entities": pa.list_(pa.struct(entity)),
        "tokens": pa.list_(pa.struct({"text": said, "start": number, "end": number})),
        "relations": pa.list_(pa.struct({"id": said, "type": said, "head": said, "tail": said})),
        "labels": pa.list_(said),
    }
