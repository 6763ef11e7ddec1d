"""The test examples that a model got wrong, as a table to read: what it missed and what it made up, marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MISSED, FALSE = "missed", "false"
"""Kinds of a mistake, which mark it."""


def mistakes(records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a row for each record of a task's judge whose `gold` and `predicted` differ; of those alone."""
    return [_row(record) for record in records if record["gold"] != record["predicted"]]


def _row(record: Mapping[str, Any]) -> dict[str, str]:
    gold, predicted = _listed(record["gold"]), _listed(record["predicted"])
    missed = [item for item in gold if item not in predicted]
    false = [item for item in predicted if item not in gold]
    return {
        MISSED: "; ".join(map(_name, missed)),
        FALSE: "; ".join(map(_name, false)),
        "text": _marked(record["text"], {MISSED: missed, FALSE: false}),
        "gold": "; ".join(map(_name, gold)),
        "predicted": "; ".join(map(_name, predicted)),
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(item: Any) -> str:
    return f"{item['text']} ({item['label']})" if isinstance(item, Mapping) else str(item)


def _marked(text: str, wrong: Mapping[str, Sequence[Any]]) -> str:
    """Return the text with its wrong spans as in `a history of [missed: gout]`; those that overlap stand side by side.

    Labels of whole texts have no place in it.
    """
    spans = [(item, kind) for kind, items in wrong.items() for item in items if isinstance(item, Mapping)]
    parts, end = [], 0
    for item, kind in sorted(spans, key=lambda span: (span[0]["start"], span[0]["end"])):
        parts += [text[end : item["start"]], f"[{kind}: {item['text']}]"]
        end = max(end, item["end"])
    return "".join([*parts, text[end:]])
