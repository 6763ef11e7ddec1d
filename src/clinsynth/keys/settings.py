"""What settings add to a key."""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from enum import Enum
from typing import Any


def named(node: Any) -> dict[str, Any]:
    """Return the fields of a settings node that stand in keys, as plain data by name."""
    return {item.name: _plain(getattr(node, item.name)) for item in fields(node) if _stands(item, node)}


def listed(*nodes: Any) -> list[Any]:
    """Return the values of the first edition's fields in their order, then later ones that stand in keys, by name."""
    return [*(value for node in nodes for value in first(node)), *later(*nodes)]


def later(*nodes: Any) -> list[dict[str, Any]]:
    """Return the fields that came later and that stand in keys, by name; empty where there is none."""
    found = {
        item.name: _plain(getattr(node, item.name))
        for node in nodes
        for item in fields(node)
        if "before" in item.metadata and _stands(item, node)
    }
    return [found] if found else []


def _stands(item: Field[Any], node: Any) -> bool:
    told = item.metadata
    if told.get("keyless") or "before" not in told:
        return not told.get("keyless")
    before = told["before"] if isinstance(told["before"], tuple) else (told["before"],)
    return getattr(node, item.name) not in before


def _is_first(item: Field[Any]) -> bool:
    return not item.metadata.get("keyless") and "before" not in item.metadata


def _plain(value: Any) -> Any:
    """A value as JSON has it; of a node within a node the same fields are left out."""
    if is_dataclass(value):
        return named(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def first(node: Any) -> list[Any]:
    """Return the values of the first edition's fields, in their order."""
    return [_plain(getattr(node, item.name)) for item in fields(node) if _is_first(item)]


def later_of_stage(node: Any) -> dict[str, Any]:
    """Later fields of a stage's own settings, as a part of its key."""
    return {"later": found[0]} if (found := later(node)) else {}
