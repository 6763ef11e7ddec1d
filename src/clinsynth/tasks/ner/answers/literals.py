"""Reads answers in JSON or as Python data, whatever the keys are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from clinsynth.tasks.ner.answers.asked import Asked, Named, Pair, Tagging
from clinsynth.tasks.ner.answers.data import Fields, read_fields, values
from clinsynth.tasks.ner.answers.entity_types import Closeness
from clinsynth.tasks.ner.answers.layouts import grid, read_tagging
from clinsynth.tasks.ner.answers.mentions import LISTING, split_names
from clinsynth.tasks.ner.answers.tags import BARE, BEGIN, INSIDE, OTHER, OUTSIDE, Tag

Names = list[Named]
_WORD_KEY = re.compile(
    r"(?:entity[ _]?)?(?:text|entity|word|name|mention|span|value|token|term|phrase)s?", re.IGNORECASE
)
_TYPE_KEY = re.compile(r"(?:entity[ _]?)?(?:type|label|tag|class|category|group)s?|iob\w*|bio\w*|ner\w*", re.IGNORECASE)
_START_KEY, _END_KEY = (
    re.compile(rf"{side}(?:[ _]?(?:char|offset|idx|index|pos|position))*", re.IGNORECASE)
    for side in ("(?:start|begin)", "(?:end|stop)")
)


def read_literal(text: str, *, asked: Asked) -> Tagging | Names | None:
    """Return words with tags, or names, out of the data in a text."""
    found = list(values(text))
    if not found and (fields := read_fields(text)) and _named([key for key, _ in fields[0]], _WORD_KEY) is not None:
        found = [fields]
    return _read(found[0] if len(found) == 1 else found, asked) if found else None


def _read(value: Any, asked: Asked) -> Tagging | Names | None:
    if isinstance(value, Fields):
        return _read_object(value, asked)
    value = [item for item in value if item is not None] if isinstance(value, list) else value
    if not isinstance(value, list) or not value:
        return [] if value == [] else None
    if all(isinstance(item, str) for item in value):
        return _read_strings(value, asked)
    if all(isinstance(item, Fields) for item in value) and not _nested(value):
        return _read_objects(value, asked)
    if all(isinstance(item, list) and not isinstance(item, Fields) for item in value) and not _nested(value):
        rows = grid([[str(cell) for cell in item] for item in value], asked)
        if pairs := [pair for row in rows if row for pair in row]:
            return asked.tagging(pairs)
    return _joined([_read(item, asked) for item in value])


def _nested(items: Sequence[Any]) -> bool:
    fields = [field[1] if isinstance(item, Fields) else field for item in items for field in item]
    return any(isinstance(field, list) and len(field) > 0 and not isinstance(field[0], int) for field in fields)


def _joined(parts: Sequence[Tagging | Names | None]) -> Tagging | Names | None:
    """Join the parts of a list: words with tags if there are any, else all names."""
    pairs = [pair for part in parts if isinstance(part, Tagging) for pair in part.pairs]
    if pairs:
        return Tagging(tuple(pairs))
    names = [part for part in parts if isinstance(part, list)]
    return [name for part in names for name in part] if names else None


def _read_strings(items: Sequence[str], asked: Asked) -> Tagging | Names | None:
    tagging = read_tagging("\n".join(items), asked=asked)
    if tagging and len(tagging.pairs) >= len(items):
        return tagging
    if len(items) == 2 and asked.is_type(items[1]):  # ("ataxia", "Disease")
        return [(items[0], items[1])]
    return None if asked.likeness(items) > 0.9 else [(item, "") for item in items]


def _read_objects(items: Sequence[Fields], asked: Asked) -> Tagging | Names | None:
    keys = list(dict.fromkeys(key for item in items for key, _ in item))
    cells = [[str(dict(item).get(key, "")) for key in keys] for item in items]
    pairs = [pair for row in grid(cells, asked) if row for pair in row]
    if len(items) == 1 and len(items[0]) > 3 and not _named(keys, _TYPE_KEY):
        pairs = []
    if pairs and any(tag not in (BARE, OTHER) for _, tag in pairs) and len(pairs) == len(items):
        return asked.tagging(pairs)
    words, types = _word_and_type(keys, cells, asked)
    if words is None:
        return _at_offsets(items, asked) or (asked.tagging(pairs) if pairs else None)
    return [(row[words], row[types] if types is not None else "") for row in cells if row[words]]


def _word_and_type(keys: Sequence[str], cells: Sequence[Sequence[str]], asked: Asked) -> tuple[int | None, int | None]:
    """Return the columns of names and of types; an `entity` may be either."""
    found = [at for at, key in enumerate(keys) if _WORD_KEY.fullmatch(key.strip())]
    words = max(found, key=lambda at: sum(bool(row[at]) and asked.knows(row[at]) for row in cells), default=None)
    types = _named(keys, _TYPE_KEY)
    if (
        types is None
        and len(found) == 2
        and "entit" in keys[other := next(at for at in found if at != words)].casefold()
    ):
        types = other
    return words, types


def _at_offsets(items: Sequence[Fields], asked: Asked) -> Tagging | None:
    """Return the sentence with tags where objects have offsets of characters, and no text; the last one may be in."""
    tags = [OUTSIDE] * len(asked.tokens)
    ends = list(accumulate(len(token) + 1 for token in asked.tokens))
    starts = [0, *ends[:-1]]
    for item in items:
        keys, cells = [key for key, _ in item], [value for _, value in item]
        start, end, kind = (_named(keys, key) for key in (_START_KEY, _END_KEY, _TYPE_KEY))
        if start is None or end is None:
            return None
        first = starts.index(cells[start]) if cells[start] in starts else None
        last = next((ends.index(cells[end] + more) for more in (1, 2) if cells[end] + more in ends), None)
        if first is None or last is None or last < first:
            return None
        named = str(cells[kind]) if kind is not None else ""
        tags[first : last + 1] = [Tag(BEGIN, named), *[Tag(INSIDE, named)] * (last - first)]
    return asked.tagging(list(zip(asked.tokens, tags, strict=True)))


def _named(keys: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((at for at, key in enumerate(keys) if pattern.fullmatch(key.strip())), None)


def _read_object(value: Fields, asked: Asked) -> Tagging | Names | None:
    lists = [items for _, items in value if isinstance(items, list) and not isinstance(items, Fields)]
    for words in lists:
        for tags in lists:
            if pairs := _side_by_side(words, tags, asked):
                return asked.tagging(pairs)
    keys = [key for key, _ in value]
    if value and all(isinstance(item, str) for _, item in value) and all(asked.tag(item) for _, item in value):
        rows = grid([[key, item] for key, item in value], asked)  # {"mild": "O", "ataxia": "B-Disease"}
        return asked.tagging([pair for row in rows if row for pair in row])
    plain = all(isinstance(item, (str, int)) for _, item in value)
    if plain and any(_named(keys, key) is not None for key in (_WORD_KEY, _START_KEY)):
        return _read_objects([value], asked)
    return _joined([_under(key, item, asked) for key, item in value]) if value else []


def _under(key: str, item: Any, asked: Asked) -> Tagging | Names | None:
    """Return what stands under a key, which may be the name of its type."""
    untyped = bool(LISTING.search(key))
    naming = "entit" in key.casefold() or asked.is_type(key)
    if naming and isinstance(item, str):
        found: Tagging | Names | None = split_names(item, asked=asked)
    else:
        found = [] if naming and item is None else _read(item, asked)
    if not asked.is_asked(key):
        return [(name, key) for name, _ in found] if isinstance(found, list) else None
    if isinstance(found, list) and not untyped:
        return [(name, named if _is_known(named, asked) else key) for name, named in found]
    return found


def _is_known(named: str, asked: Asked) -> bool:
    return bool(named) and asked.closeness(named) != Closeness.UNKNOWN


def _side_by_side(words: Sequence[Any], tags: Sequence[Any], asked: Asked) -> list[Pair]:
    if words is tags or len(words) != len(tags):
        return []
    read = [asked.tag(str(tag)) for tag in tags]
    if OTHER in read:  # two lists of names
        return []
    return [(str(word), tag) for word, tag in zip(words, read, strict=True) if tag] if all(read) else []
