"""Rows of a corpus as Parquet, and back again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clinsynth.errors import DataFormatError

KEPT, REJECTED = "data/train-00000-of-00001.parquet", "rejected/train-00000-of-00001.parquet"

ENTITIES = "entities"
"""A column for those who do not read tags; it follows from the others, and is not read back."""

_ENTITY = pa.struct({"start": pa.int64(), "end": pa.int64(), "label": pa.string(), "text": pa.string()})

_PLAIN = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.null())
"""What `write_parquet` writes, alone and in lists; dictionaries and others can be small here and large in Python."""

MOST = 1 << 30
"""Bytes that a file may unpack to: some millions of sentences."""


PART = 65_536
"""Rows that are lists of Python at once; after that they are Arrow's."""


def write_parquet(path: Path, rows: Iterable[dict[str, Any]], *, lists: Sequence[str]) -> None:
    """Write a file with the columns of all rows, or none: the library datasets reads no file without rows.

    `lists` are columns of lists of words, which may all be empty.
    """
    types = {ENTITIES: pa.list_(_ENTITY)} | dict.fromkeys(lists, pa.list_(pa.string()))
    left = iter(rows)
    tables = [_table(part, types) for part in iter(lambda: list(islice(left, PART)), [])]
    if not tables:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(tables, promote_options="permissive"), path)


def _table(rows: Sequence[dict[str, Any]], types: Mapping[str, pa.DataType]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows], type=types.get(name)) for name in names})


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """Return the rows that were written, key by key; none without a file.

    Raises DataFormatError for what is no Parquet, and for a file that holds more than `MOST` bytes.
    """
    if not path.is_file():
        return []
    try:
        with pq.ParquetFile(path) as file:
            return [
                {name: value for name, value in row.items() if value is not None and name != ENTITIES}
                for batch in _batches(file, path=path)
                for row in batch.to_pylist()  # a row lacks what is null
            ]
    except (pa.ArrowException, OSError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFormatError(f"{path} is no Parquet file that can be read ({reason}). Ask for it again.") from error


def _batches(file: pq.ParquetFile, *, path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows in parts that are small, however often a large value is repeated in a small file."""
    if others := [field for field in file.schema_arrow if not _is_plain(field.type)]:
        raise DataFormatError(
            f"{path} has a column {others[0].name} of {others[0].type}, which no export of a corpus has."
        )
    packed = [file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups)]
    _check_size(sum(packed), path=path)
    unpacked = 0
    for batch in file.iter_batches(batch_size=min(1024, max(1, MOST // (1 + max(packed, default=0))))):
        unpacked += batch.nbytes
        _check_size(unpacked, path=path)
        yield batch


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _is_plain(kind.value_type)
    return kind == _ENTITY or kind in _PLAIN


def _check_size(size: int, *, path: Path) -> None:
    if size > MOST:
        raise DataFormatError(
            f"{path} holds more than {MOST >> 20:,} MiB of rows once it is unpacked, which no export of a corpus does: "
            "it may have been made to fill the memory. Nothing of it was used."
        )


def with_entities(row: dict[str, Any], example: Any) -> dict[str, Any]:
    """Return a row with the entities of its example, where they are labelled; offsets are those of its `text`."""
    if example.label:
        return row
    places = _places(row["text"], as_in=example.text)
    found = []
    for entity in example.entities():
        start, end = places[entity["start"]], places[entity["end"] - 1] + 1
        found.append(entity | {"start": start, "end": end, "text": row["text"][start:end]})
    return row | {ENTITIES: found}


def _places(text: str, *, as_in: str) -> dict[int, int]:
    """Return where each visible character of its words, which may be spaced otherwise, stands in the text."""
    places, here = {}, 0
    for there, sign in enumerate(as_in):
        if not sign.isspace():
            places[there] = text.index(sign, here)  # behind characters that are in no word
            here = places[there] + 1
    return places
