"""Reads answers in JSON or as Python data, whatever the keys are called."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from clinsynth.tasks.ner.answers.layouts import Asked, Pair, Tagging, grid, read_tagging
from clinsynth.tasks.ner.answers.tags import BARE, OTHER, is_asked, is_type, names_other

Names = tuple[str, ...]
_STRING = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
# What is left of data that were cut: innermost objects and pairs.
_PIECE = re.compile(rf"[\[({{](?:[^\[\](){{}}\"']|{_STRING})*[\])}}]")
_OPENING = re.compile(r"^[ \t]*(?:[\w ]{1,30}\s*[=:]\s*)?(?=[\[{(])", re.MULTILINE)
_CLOSES = {"[": "]", "{": "}", "(": ")"}
_WORD_KEY = re.compile(
    r"(?:entity[ _]?)?(?:text|entity|word|name|mention|span|value|token|term|phrase)s?", re.IGNORECASE
)
_TYPE_KEY = re.compile(r"(?:entity[ _]?)?(?:type|label|tag|class|category|group)s?|iob\w*|bio\w*|ner\w*", re.IGNORECASE)


class _Object(list[tuple[str, Any]]):
    """Fields in their order; a name may come twice, as a word in a sentence may."""


def read_literal(text: str, *, asked: Asked) -> Tagging | Names | None:
    """Return words with tags, or names, out of the data in a text."""
    values = list(_values(text))
    return _read(values[0] if len(values) == 1 else values, asked) if values else None


def _values(text: str) -> Iterator[Any]:
    at = 0
    while found := _OPENING.search(text, at):
        end = _end(text, found.end())
        value = _parsed(text[found.end() : end]) if end else None
        if end is None:
            rest = text[found.end() :]
            whole = re.match(r"[\[{(]\s*(?:[\[{(]\s*)*[\"']", rest)
            parsed = (_parsed(piece.group()) for piece in _PIECE.finditer(rest)) if whole else ()
            yield from (piece for piece in parsed if piece is not None)
            return
        if value is not None and not isinstance(value, (str, int, float)):
            yield value
        at = end if end and value is not None else found.end() + 1


def _end(text: str, start: int) -> int | None:
    """Return where the bracket that opens here is closed; strings may hold others."""
    closing: list[str] = []
    for found in re.compile(rf"{_STRING}|[\[\](){{}}]").finditer(text, start):
        mark = found.group()
        if mark in _CLOSES:
            closing.append(_CLOSES[mark])
        elif len(mark) == 1:
            if mark != closing.pop():
                return None
            if not closing:
                return found.end()
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Object, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return _plain(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(node: ast.expr) -> Any:
    """Return the data that code stands for; raises ValueError for code that is no data."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_plain(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return _Object(
            (str(_plain(key)), _plain(value)) for key, value in zip(node.keys, node.values, strict=True) if key
        )
    if isinstance(node, ast.Constant):
        return node.value
    raise ValueError(f"{type(node).__name__} is no data")


def _read(value: Any, asked: Asked) -> Tagging | Names | None:
    if isinstance(value, _Object):
        return _read_object(value, asked)
    if not isinstance(value, list) or not value:
        return () if value == [] else None
    if all(isinstance(item, str) for item in value):
        return _read_strings(value, asked)
    if all(isinstance(item, _Object) for item in value) and not _nested(value):
        return _read_objects(value, asked)
    if all(isinstance(item, list) and not isinstance(item, _Object) for item in value) and not _nested(value):
        rows = grid([[str(cell) for cell in item] for item in value], asked)
        if pairs := [pair for row in rows if row for pair in row]:
            return Tagging(tuple(pairs))
    return _joined([_read(item, asked) for item in value])


def _nested(items: Sequence[Any]) -> bool:
    fields = [field[1] if isinstance(item, _Object) else field for item in items for field in item]
    return any(isinstance(field, list) and len(field) > 0 and not isinstance(field[0], int) for field in fields)


def _joined(parts: Sequence[Tagging | Names | None]) -> Tagging | Names | None:
    """Join the parts of a list: words with tags if there are any, else all names."""
    pairs = [pair for part in parts if isinstance(part, Tagging) for pair in part.pairs]
    if pairs:
        return Tagging(tuple(pairs))
    names = [part for part in parts if isinstance(part, tuple)]
    return tuple(name for part in names for name in part) if names else None


def _read_strings(items: Sequence[str], asked: Asked) -> Tagging | Names | None:
    tagging = read_tagging("\n".join(items), asked=asked)
    if tagging and len(tagging.pairs) >= len(items):
        return tagging
    if len(items) == 2 and is_type(items[1], entity_type=asked.entity_type):  # ("ataxia", "Disease")
        return (items[0],) if is_asked(items[1], entity_type=asked.entity_type) else ()
    return None if asked.likeness(items) > 0.9 else tuple(items)


def _read_objects(items: Sequence[_Object], asked: Asked) -> Tagging | Names | None:
    keys = list(dict.fromkeys(key for item in items for key, _ in item))
    cells = [[str(dict(item).get(key, "")) for key in keys] for item in items]
    pairs = [pair for row in grid(cells, asked) if row for pair in row]
    if len(items) == 1 and len(items[0]) > 3 and not _named(keys, _TYPE_KEY):
        pairs = []
    if pairs and any(tag not in (BARE, OTHER) for _, tag in pairs) and len(pairs) == len(items):
        return Tagging(tuple(pairs))
    words, types = _named(keys, _WORD_KEY), _named(keys, _TYPE_KEY)
    if words is None:
        return Tagging(tuple(pairs)) if pairs else None
    return tuple(
        row[words]
        for row in cells
        if row[words] and (types is None or is_asked(row[types], entity_type=asked.entity_type))
    )


def _named(keys: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((at for at, key in enumerate(keys) if pattern.fullmatch(key.strip())), None)


def _read_object(value: _Object, asked: Asked) -> Tagging | Names | None:
    lists = [items for _, items in value if isinstance(items, list) and not isinstance(items, _Object)]
    for words in lists:
        for tags in lists:
            if pairs := _side_by_side(words, tags, asked):
                return Tagging(tuple(pairs))
    if value and all(isinstance(item, str) for _, item in value):
        keys = [key for key, _ in value]
        if all(asked.tag(item) for _, item in value):  # {"mild": "O", "ataxia": "B-Disease"}
            rows = grid([[key, item] for key, item in value], asked)
            return Tagging(tuple(pair for row in rows if row for pair in row))
        if _named(keys, _WORD_KEY) is not None:
            return _read_objects([value], asked)
    parts: list[Tagging | Names | None] = []
    for key, item in value:
        if not names_other(key, entity_type=asked.entity_type):
            naming = is_type(key, entity_type=asked.entity_type) or "entit" in key.casefold()
            parts.append((item,) if naming and isinstance(item, str) else _read(item, asked))
    return _joined(parts) if value else ()


def _side_by_side(words: Sequence[Any], tags: Sequence[Any], asked: Asked) -> list[Pair]:
    if words is tags or len(words) != len(tags):
        return []
    read = [asked.tag(str(tag)) for tag in tags]
    if OTHER in read:  # two lists of names
        return []
    return [(str(word), tag) for word, tag in zip(words, read, strict=True) if tag] if all(read) else []
