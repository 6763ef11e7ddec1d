"""Finds data in answers: JSON, Python literals, lines of YAML; with comments, escaped, or cut."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

_STRING = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
# What is left of data that were cut: innermost objects and pairs.
_PIECE = re.compile(rf"[\[({{](?:[^\[\](){{}}\"']|{_STRING})*[\])}}]")
_OPENING = re.compile(r"^[ \t]*(?:/\*[^*\n]*\*/[ \t]*)?(?:[\w ]{1,30}\s*[=:]\s*)?(?=[\[{(])", re.MULTILINE)
_CLOSES = {"[": "]", "{": "}", "(": ")"}
_MARKS = re.compile(rf"{_STRING}|[\[\](){{}}]")
_COMMENT = re.compile(rf"({_STRING})|(?<![:\w])(?://|\#)[^\n]*|/\*.*?\*/", re.DOTALL)
_TYPOGRAPHIC = re.compile(r"(?<=[\[{,:\s])[“”„](.*?)[“”](?=\s*[,:\]}])")
_FIELD = re.compile(r"(?P<item>[ \t]*-[ \t]+|[ \t]+)(?P<key>[A-Za-z][\w ]{0,30}?):[ \t]+(?P<value>\S.*)")


class Fields(list[tuple[str, Any]]):
    """Fields of an object in their order; a name may come twice, as a word in a sentence may."""


def values(text: str) -> Iterator[Any]:
    """Yield the lists and objects of a text."""
    text = _plain_quotes(text)
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


def read_fields(text: str) -> list[Fields]:
    """Return the objects of a list in YAML, of which an item may have several lines; empty if there is none."""
    items: list[Fields] = []
    for line in text.split("\n"):
        found = _FIELD.fullmatch(line.rstrip())
        if found and (items or "-" in found["item"]):
            if "-" in found["item"]:
                items.append(Fields())
            items[-1].append((found["key"], found["value"].strip("\"'")))
    return items if any(len(item) > 1 for item in items) else []


def _plain_quotes(text: str) -> str:
    """Return data with the quotes of data."""
    if '\\"' in text and not re.search(r'(?<!\\)"', text):
        text = text.replace('\\"', '"')
    return _TYPOGRAPHIC.sub(r'"\1"', text)


def _end(text: str, start: int) -> int | None:
    """Return where the bracket that opens here is closed; strings may hold others."""
    closing: list[str] = []
    for found in _MARKS.finditer(text, start):
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
    for written in dict.fromkeys((text, _COMMENT.sub(lambda found: found[1] or "", text))):
        try:
            return json.loads(written, object_pairs_hook=Fields, strict=False)
        except (ValueError, RecursionError):
            pass
        try:
            return _plain(ast.parse(written.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return None


def _plain(node: ast.expr) -> Any:
    """Return the data that code stands for; raises ValueError for code that is no data."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_plain(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return Fields(
            (str(_plain(key)), _plain(value)) for key, value in zip(node.keys, node.values, strict=True) if key
        )
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in ("null", "true", "false"):  # JSON with a comma too many
        return {"true": True, "false": False}.get(node.id)
    raise ValueError(f"{type(node).__name__} is no data")
