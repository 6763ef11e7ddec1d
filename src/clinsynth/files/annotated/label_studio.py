"""Exports of Label Studio as JSON or JSON-MIN, and tasks that it imports. https://labelstud.io/guide/task_format"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import json_of, write_text
from clinsynth.files.annotated.losses import FURTHER, LABELS, LINKS, MENTIONS, OVERLAPS
from clinsynth.files.annotated.losses import unchanged as adapt
from clinsynth.files.annotated.rows import from_rows
from clinsynth.files.annotated.texts import AnnotatedText, Mention

FOLDER = False
HOLDS = frozenset({MENTIONS, OVERLAPS, LINKS, LABELS, FURTHER})

_TEXT, _MARKS, _CHOICES = "text", "label", "choice"

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]


def recognises(path: Path, head: str) -> bool:
    """Say whether a file is a list of objects."""
    return re.match(r"\s*\[\s*\{", head) is not None


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return the texts of the tasks that are annotated, each with its first annotation.

    Raises DataFormatError with the line of broken JSON, or the task of what else is wrong.
    """
    tasks = json_of(path, encoding=encoding)
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise DataFormatError(f"{path} is no list of objects, as Label Studio exports (JSON, or JSON-MIN).")
    counts: Counter[str] = Counter()
    rows = list(_rows(tasks, path=path, columns=columns, counts=counts))
    for what, number in (+counts).items():
        print(f"{path}: {number:,} {what}.")
    return from_rows(rows, columns={name: column for name, column in columns.items() if name != "text"})


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write tasks with an annotation each, which Label Studio imports into a project with the tags that it has."""
    tasks = [
        {
            "id": number,
            "data": dict(text.further) | {"id": text.id, _TEXT: text.text},
            "annotations": [{"id": number, "was_cancelled": False, "result": list(_results(text))}],
        }
        for number, text in enumerate(texts, 1)
    ]
    write_text(path, json.dumps(tasks, indent=1, ensure_ascii=False) + "\n")


def _rows(
    tasks: Sequence[Any], *, path: Path, columns: Mapping[str, str], counts: Counter[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows as others have them; JSON-MIN has them itself."""
    name = columns.get("text", _TEXT)
    for number, task in enumerate(tasks, 1):
        place = f"{path}: task {task.get('id', number)}"
        data = task.get("data")
        if not isinstance(data, dict) or not isinstance(task.get("annotations"), list):
            yield place, task if name == _TEXT else task | {_TEXT: task.get(name)}
            continue
        annotations = [found for found in task["annotations"] if not found.get("was_cancelled")]
        counts["tasks that nobody has annotated are left out"] += not annotations
        counts["tasks have several annotations, of which the first is read"] += len(annotations) > 1
        if annotations:
            if not isinstance(data.get(name), str):
                raise DataFormatError(
                    f"{place}: there is no text {name!r} in its data, which has {', '.join(data)}; "
                    "columns={text: note} names another."
                )
            others = {key: value for key, value in data.items() if key not in (name, "id")}
            found = _row(annotations[0].get("result") or (), text=data[name], place=place)
            yield place, others | {"id": data.get("id") or task.get("id", number), _TEXT: data[name]} | found


def characters(value: Mapping[str, Any], *, text: str) -> tuple[int, int]:
    """Return start and end of a mark in characters: a browser counts one beyond U+FFFF, such as an emoji, as two."""
    start, end = int(value["start"]), int(value["end"])
    if end <= len(text) and text[start:end] == value.get("text"):
        return start, end
    units = [place for place, sign in enumerate(text) for _ in range(1 + (sign > "\uffff"))] + [len(text)]
    if not 0 <= start <= end < len(units):
        return start, end
    return units[start], units[end]


def _row(result: Sequence[Any], *, text: str, place: str) -> dict[str, Any]:
    """Return what was marked, chosen and related in one annotation."""
    row: dict[str, Any] = {"entities": [], "relations": [], "labels": []}
    try:
        for part in result:
            value = part.get("value") or {}
            if "from_id" in part:
                kind = next(iter(part.get("labels") or ()), "related")
                row["relations"].append({"type": kind, "head": part["from_id"], "tail": part["to_id"]})
            elif "choices" in value:
                row["labels"] += value["choices"]
            elif "start" in value and (kinds := value.get("labels") or value.get("hypertextlabels")):
                start, end = characters(value, text=text)
                marked = {"id": part.get("id", ""), "start": start, "end": end}
                row["entities"] += [marked | {"label": kind} for kind in kinds]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataFormatError(f"{place}: a result cannot be read ({type(error).__name__}: {error}).") from error
    return row


def _results(text: AnnotatedText) -> Iterator[dict[str, Any]]:
    ids = {mention.id: mention.id or f"m{number}" for number, mention in enumerate(text.mentions)}
    for number, mention in enumerate(text.mentions):
        yield _marked(mention, text=text.text, id=mention.id or f"m{number}")
    if text.labels:
        choice = {"from_name": _CHOICES, "to_name": _TEXT, "type": "choices"}
        yield {"id": "choices", "value": {"choices": list(text.labels)}} | choice
    for link in text.links:
        ends = {"from_id": ids[link.head], "to_id": ids[link.tail]}
        yield {"type": "relation", "direction": "right", "labels": [link.type]} | ends


def _marked(mention: Mention, *, text: str, id: str) -> dict[str, Any]:
    """Return a mark; a browser counts a character beyond U+FFFF as two."""
    start, end = (place + sum(sign > "\uffff" for sign in text[:place]) for place in (mention.start, mention.end))
    value = {"start": start, "end": end, "labels": [mention.type]}
    value |= {"text": text[mention.start : mention.end]}
    return {"id": id, "from_name": _MARKS, "to_name": _TEXT, "type": "labels", "value": value}
