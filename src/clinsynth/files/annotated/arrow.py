"""Rows of Arrow's tables, with the names that the library datasets has noted for the numbers of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinsynth.files.annotated.rows import NAMES, from_rows
from clinsynth.files.annotated.texts import AnnotatedText

if TYPE_CHECKING:
    import pyarrow as pa

_FEATURES = b"huggingface"
"""Key of a schema's metadata with the features of a data set, as JSON."""


def texts_of(table: pa.Table, *, columns: Mapping[str, str], place: str) -> list[AnnotatedText]:
    """Return a text a row; where one column alone is of classes, it is that of the label unless `columns` says so."""
    features = _features(table)
    rows = [
        {name: _named(value, features.get(name)) for name, value in row.items() if value is not None}
        for row in table.to_pylist()
    ]
    classes = [name for name, feature in features.items() if feature.get("_type") == "ClassLabel"]
    if len(classes) == 1 and not {*columns} & {"label"} and not {*NAMES["label"]} & {*table.column_names}:
        columns = {**columns, "label": classes[0]}
    return from_rows(((f"{place}, row {number}", row) for number, row in enumerate(rows)), columns=columns)


def _features(table: pa.Table) -> dict[str, Any]:
    noted = (table.schema.metadata or {}).get(_FEATURES)
    found: dict[str, Any] = json.loads(noted).get("info", {}).get("features", {}) if noted else {}
    return found


def _named(value: Any, feature: Any) -> Any:
    """Return a value with names of classes for their numbers, however deep they stand; -1 is none."""
    if isinstance(feature, list):
        feature = {"feature": feature[0]}
    if value is None or not isinstance(feature, dict):
        return value
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names") or []
        return names[value] if isinstance(value, int) and 0 <= value < len(names) else None
    inner = feature.get("feature")
    if inner is None:
        return (
            {name: _named(own, feature.get(name)) for name, own in value.items()} if isinstance(value, dict) else value
        )
    if isinstance(value, dict):  # lists of each part, where a list of objects is meant
        parts = {name: _named(own, {"feature": inner.get(name)}) for name, own in value.items()}
        return [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)]
    return [_named(own, inner) for own in value]
