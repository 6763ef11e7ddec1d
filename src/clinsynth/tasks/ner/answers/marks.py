"""Reads the sentence with marks round its entities, and marked entities alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from clinsynth.tasks.ner.answers.asked import Asked, Named, Pair, Tagging
from clinsynth.tasks.ner.answers.tags import BEGIN, INSIDE, OUTSIDE, Tag

_LIKE = 0.6
"""From here on what marks stand in is the sentence, and not prose about it."""

_Piece = tuple[str, str | None]
"""A piece of a text, and the type that it is marked with (empty: none is named); `None`: it is not marked."""

_SIGNS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\[(?P<type>[A-Za-z][\w-]*)\](?P<name>.+?)\[/(?P=type)\]",
        r"\[\[(?P<name>.+?)(?:\|(?P<type>[^\[\]|]+))?\]\]",
        r"\{\{(?P<name>.+?)(?:\|(?P<type>[^{}|]+))?\}\}",
        r"\[(?P<name>[^\[\]]+)\]\s?[({](?P<type>[^(){}]+)[)}]",
        r"\[(?P<name>[^\[\]|]+)\|(?P<type>[^\[\]|]+)\]",
        r"@@(?P<name>.+?)##",
        r"<<(?P<name>.+?)>>",
    )
)
# They mark what is of weight in any text, so that names have to stand in the sentence.
_EMPHASIS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\*\*(?P<name>.+?)\*\*",
        r"__(?P<name>.+?)__",
        r"(?<![\w*])\*(?P<name>[^\s*][^*]*?)\*(?![\w*])",
        r"`(?P<name>[^`]+)`",
    )
)
# Likewise, where the sentence has none of its own.
_BRACKETS = tuple(re.compile(pattern) for pattern in (r"\[(?P<name>[^\[\]]+)\]", r"<(?P<name>[^<>/]+)>"))
_ELEMENT = re.compile(r"<(?P<end>/?)(?P<tag>[A-Za-z][\w-]*)(?P<attributes>(?:\s[^<>]*)?)>")
_ATTRIBUTE = re.compile(r"(?P<name>[\w-]+)\s*=\s*[\"']?(?P<value>[^\"'>]*)")
_TYPING = re.compile(r"(?:data-)?(?:entity[_-]?)?(?:class|type|label|category|kind|tag|entity|ner)", re.IGNORECASE)
_SHOWN = re.compile(r"a|b|big|code|e|em|ent|font|h|highlight|hl|i|mark|s|small|span|strong|tt|u|x", re.IGNORECASE)
"""Elements that say how a word is shown, and not what it is."""
_BETWEEN = re.compile(r"(?:\A[\w ]{1,40}:|[\s.,;:|/()\[\]{}*•+–—-]|\b(?:and|or)\b|\b\d{1,3}[.)])*", re.IGNORECASE)
_FORM = re.compile(r"\b(?:IOB|BIO|BIOES|IOBES|BILOU|tab|JSON|CSV|YAML|table)\b", re.IGNORECASE)
_MARKING = re.compile(
    r"<[a-z/][^<>]*>|@@|\[\[|\*\*|\b(?:HTML|XML|mark|highlight|surround|enclos|wrap|annotat|bracket|underlin|inline)",
    re.IGNORECASE,
)


def asks_for_marks(question: str) -> bool:
    """Say whether a question asks for marks in the sentence; one that is not known may have done so."""
    return not question.strip() or bool(_MARKING.search(question) and not _FORM.search(question))


def read_marks(text: str, *, asked: Asked, part: bool = False) -> Tagging | None:
    """Return the sentence with marks round its entities; or with `part` a piece of it."""
    candidates = [
        (asked.likeness(word for word, _ in pairs), pairs)
        for line in dict.fromkeys((text, *text.split("\n")))
        for pieces in _readings(line, asked)
        if (pairs := list(_pairs(pieces)))
    ]
    likeness, best = max(candidates, key=lambda candidate: candidate[0], default=(0.0, []))
    found = asked.knows("".join(word for word, _ in best)) if part else likeness >= _LIKE
    return asked.tagging(best) if best and found else None


def read_fragments(text: str, *, asked: Asked) -> list[Named] | None:
    """Return the names of a text that is nothing but marked names; `None` for any other."""
    for pieces in _readings(text, asked):
        if all(named is not None or _BETWEEN.fullmatch(piece) for piece, named in pieces):
            return [(" ".join(piece.split()), named) for piece, named in pieces if named is not None]
    return None


def _readings(text: str, asked: Asked) -> Iterator[list[_Piece]]:
    """Yield a text in pieces, once for each kind of marks that it has."""
    for pieces in (_elements(text, asked), *(list(_signed(text, sign)) for sign in _SIGNS)):
        if any(named is not None for _, named in pieces):
            yield pieces
    for sign in (*_EMPHASIS, *(() if {"[", "<"} & {*asked.text} else _BRACKETS)):
        pieces = list(_signed(text, sign))
        if any(named is not None and asked.knows(piece) for piece, named in pieces):
            yield pieces


def _signed(text: str, sign: re.Pattern[str]) -> Iterator[_Piece]:
    at = 0
    for found in sign.finditer(text):
        yield text[at : found.start()], None
        written = found.groupdict().get("type") or ""
        attributes = _ATTRIBUTE.search(written)
        yield _ELEMENT.sub("", found["name"]), (attributes["value"] if attributes else written).strip()
        at = found.end()
    yield text[at:], None


def _elements(text: str, asked: Asked) -> list[_Piece]:
    """Return a text between its elements; of nested ones that counts which comes closest to the asked type."""
    found = list(_ELEMENT.finditer(text))
    closed = _closed(found)
    pieces: list[tuple[str, int | None]] = []
    at, around = 0, list[int]()
    for number, element in enumerate(found):
        if number in closed:
            nearest = max(around, key=lambda other: _rank(found[other], asked), default=None)
            pieces.append((text[at : element.start()], nearest))
            at = element.end()
            around = [other for other in around if other != closed[number]] if element["end"] else [*around, number]
    pieces.append((text[at:], None))
    return [
        (_ELEMENT.sub("", "".join(piece for piece, _ in parts)), None if nearest is None else _type(found[nearest]))
        for nearest, parts in groupby(pieces, key=itemgetter(1))
    ]


def _closed(found: Sequence[re.Match[str]]) -> dict[int, int]:
    """Return for each element that is opened and closed, by its number, the number of its other end."""
    closed: dict[int, int] = {}
    open_: dict[str, list[int]] = {}
    for number, element in enumerate(found):
        if not element["end"]:
            open_.setdefault(element["tag"].casefold(), []).append(number)
        elif numbers := open_.get(element["tag"].casefold()):
            closed[number] = numbers.pop()
            closed[closed[number]] = number
    return closed


def _rank(element: re.Match[str], asked: Asked) -> int:
    return asked.closeness(_type(element))


def _type(element: re.Match[str]) -> str:
    """Return the type that an element names: in an attribute, or by its name."""
    for attribute in _ATTRIBUTE.finditer(element["attributes"]):
        if _TYPING.fullmatch(attribute["name"]):
            return attribute["value"].strip()
    return "" if _SHOWN.fullmatch(element["tag"]) else element["tag"]


def _pairs(pieces: Sequence[_Piece]) -> Iterator[Pair]:
    for piece, named in pieces:
        for number, word in enumerate(piece.split()):
            yield word, OUTSIDE if named is None else Tag(INSIDE if number else BEGIN, named)
