"""Reads answers that name entities or mark them in the sentence, and answers that say there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from clinsynth.tasks.ner.annotators import NONE
from clinsynth.tasks.ner.answers.layouts import Asked, Pair, Tagging
from clinsynth.tasks.ner.answers.tags import (
    BEGIN,
    INSIDE,
    OUTSIDE,
    is_asked,
    is_strong,
    is_type,
    names_other,
    names_type,
)
from clinsynth.text.alignment import occurrences, plainest

_LIKE = 0.6
"""From here on what marks stand in is the sentence, and not prose about it."""
_LONGEST_LINE = 1000
"""Characters of a line that may list names."""
_LONGEST = 10
"""Words of a name in a list that nothing announces."""

_MARKS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"<(?P<tag>[A-Za-z][\w-]*)(?P<type>[^<>]*)>(?P<name>.+?)</(?P=tag)\s*>",
        r"\[(?P<type>[A-Za-z][\w-]*)\](?P<name>.+?)\[/(?P=type)\]",
        r"\[\[(?P<name>.+?)(?:\|(?P<type>[^\[\]|]+))?\]\]",
        r"\{\{(?P<name>.+?)(?:\|(?P<type>[^{}|]+))?\}\}",
        r"\[(?P<name>[^\[\]]+)\]\s?[({](?P<type>[^(){}]+)[)}]",
        r"\[(?P<name>[^\[\]|]+)\|(?P<type>[^\[\]|]+)\]",
        r"@@(?P<name>.+?)##",
        r"<<(?P<name>.+?)>>",
        r"\*\*(?P<name>.+?)\*\*",
        r"__(?P<name>.+?)__",
        r"(?<![\w*])\*(?P<name>[^\s*][^*]*?)\*(?![\w*])",
        r"`(?P<name>[^`]+)`",
    )
)
_INNER = re.compile(r"</?[A-Za-z][^<>]*>")
_ATTRIBUTE = re.compile(r"[\w-]+\s*=\s*[\"']?([^\"'>]*)")
_EMPHASISED = re.compile(r"\*\*(.+?)\*\*|\"(.+?)\"|“(.+?)”|`(.+?)`")
_ITEM = re.compile(r"(?:[-*•·◦▪–—+>]\s+|[(\[]?\d{1,3}[.):\]]+\s+)")
_HEAD = re.compile(r"(?P<head>[^:=\n]{1,100}?)\s*[:=]\s*(?P<rest>.*)")
_ENTITIES = re.compile(r"\b(?:entit(?:y|ies)|mentions?|named)\b", re.IGNORECASE)
_TYPED = re.compile(
    r"(?P<name>.+?)\s*(?:[(\[](?P<inner>[\w /-]+)[)\]]|(?:\s[-–—]|[:=|\t]|->|=>|→)\s*(?P<outer>[\w /-]+))[.,;]?"
)
_TURNED = re.compile(r"(?P<type>[\w-]+)\s*(?:\s[-–—]\s|\t|\||->|→)\s*(?P<name>.+)")
_QUOTED = re.compile(r"[\"“'‘`](.+?)[\"”'’`](?=\s*(?:[,;.)(]|and\b|$))")
_FIELD = re.compile(r"(?:entity )?(?:type|label|class|category)s?", re.IGNORECASE)
_REFUSAL = re.compile(
    r"""\b(?:can(?:no|'|’)?t|(?:un|not\ )able\ to|won['’]?t|will\ not)\s+(?:\w+\s+)?
        (?:assist|help|perform|do|process|provide|complete|fulfil|comply|answer|give|access|engage)""",
    re.VERBOSE | re.IGNORECASE,
)
_ABSENT = re.compile(
    r"""\b(?:no|none|not|n't|without|(?:does|do|did|is|are|could|can|was|were)n['’]?t|zero|0)\b(?P<what>[^.\n]{0,100})""",
    re.VERBOSE | re.IGNORECASE,
)
_SAID = re.compile(r"\b(?:mention|contain|present|found|find|identif|detect|include|name|there)\w*", re.IGNORECASE)


def read_marks(text: str, *, asked: Asked) -> Tagging | None:
    """Return the sentence with marks round its entities."""
    candidates: list[tuple[float, list[Pair]]] = []
    for part in (text, *text.split("\n")):
        for mark in _MARKS:
            pairs = list(_pairs(part, mark, asked)) if mark.search(part) else []
            candidates.append((asked.likeness(word for word, _ in pairs), pairs))
    likeness, best = max(candidates, key=lambda candidate: candidate[0])
    return Tagging(tuple(best)) if likeness >= _LIKE else None


def _pairs(text: str, mark: re.Pattern[str], asked: Asked) -> Iterator[Pair]:
    at = 0
    for found in mark.finditer(text):
        yield from ((word, OUTSIDE) for word in text[at : found.start()].split())
        groups = found.groupdict()
        written = groups.get("type") or ""
        types = [groups.get("tag") or "", *(_ATTRIBUTE.findall(written) or [written])]
        other = any(names_other(name, entity_type=asked.entity_type) for name in types)
        first, rest = (OUTSIDE, OUTSIDE) if other else (BEGIN, INSIDE)
        for number, word in enumerate(_INNER.sub("", found["name"]).split()):
            yield word, rest if number else first
        at = found.end()
    yield from ((word, OUTSIDE) for word in text[at:].split())


def read_names(text: str, *, asked: Asked) -> tuple[str, ...] | None:
    """Return the names in a list, announced or of names that stand in the sentence; `None` where there is none."""
    sentence, told = plainest("".join(asked.tokens)), plainest(text)
    alike = asked.likeness([text]) > 0.8 or (sentence.startswith(told) and 2 * len(told) > len(sentence))
    found = _HEAD.match(text)
    headed = found and (_ENTITIES.search(found["head"]) or names_type(found["head"], entity_type=asked.entity_type))
    if alike and not (headed or _ITEM.match(text)):
        return None  # the sentence itself, whole or cut
    reader = _Names(asked)
    for line in text.split("\n"):
        plain = re.sub(r"\*\*|^#+\s*", "", line).strip()
        if plain and len(plain) <= _LONGEST_LINE:
            reader.add(plain, emphasised=["".join(found) for found in _EMPHASISED.findall(line)])
    return reader.names


class _Names:
    """The list as far as it has been read."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._sure: list[str] = []
        self._unsure: list[str] = []
        self._announced = False
        self._listed = False
        self._open: bool | None = None  # under a heading: is it that of the type asked for?

    @property
    def names(self) -> tuple[str, ...] | None:
        if self._sure or self._announced:
            return tuple(self._sure)
        return tuple(self._unsure) if any(map(self._stands, self._unsure)) else None

    def add(self, line: str, *, emphasised: Sequence[str]) -> None:
        item = _ITEM.match(line)
        body = line[item.end() :] if item else line
        typed = self._typed(body)
        if typed is not None:
            self._announced = True
            self._sure += typed
        elif not self._heading(body):
            self._plain(body, listed=bool(item))
            told = _ENTITIES.search(body) or names_type(body, entity_type=self._asked.entity_type)
            if told and not _ABSENT.search(body) and all(map(self._stands, emphasised)):
                self._unsure += [_bare(name) for name in emphasised]

    def _typed(self, body: str) -> list[str] | None:
        """Return the name in `ataxia (Disease)`; nothing, if it is of another type."""
        entity_type = self._asked.entity_type
        body = re.sub(r"[,;(]\s*(?:entity )?(?:type|label|class|category)\s*[:=]\s*", " - ", body, flags=re.IGNORECASE)
        body = re.sub(r"^(?:entity|mention|name|text)\s*\d*\s*[:=]\s*(?=.* - )", "", body, flags=re.IGNORECASE)
        for found in (_TYPED.fullmatch(body), _TURNED.fullmatch(body)):
            groups = found.groupdict() if found else {}
            kind = groups.get("inner") or groups.get("outer") or groups.get("type") or ""
            if found and _FIELD.fullmatch(found["name"]) and not self._stands(found["name"]):  # Type: Disease
                return []
            if found and is_type(kind, entity_type=entity_type) and not _ENTITIES.search(found["name"]):
                names = [found["name"]] if self._stands(found["name"]) else self._split(found["name"])
                return [_bare(name) for name in names] if is_asked(kind, entity_type=entity_type) else []
        return None

    def _heading(self, body: str) -> bool:
        found = _HEAD.match(body)
        head = found["head"] if found else body if is_type(body, entity_type=self._asked.entity_type) else ""
        rest = found["rest"] if found else ""
        other = names_other(head, entity_type=self._asked.entity_type)
        if not head or len(head.split()) > 12:
            return False
        if other or names_type(head, entity_type=self._asked.entity_type) or _ENTITIES.search(head):
            self._open = not other
            if is_strong(head):  # B-Disease: ataxia, but not B-Disease: where one begins
                names = self._split(rest)
                self._unsure += names if all(map(self._stands, names)) else []
                self._open = None
            elif rest and not other:
                self._announced = True
                self._sure += self._split(rest)
            return True
        if not rest:
            self._open = None if re.search(r"answer|output|result|follow|here", head, re.IGNORECASE) else False
        return not rest

    def _plain(self, body: str, *, listed: bool) -> None:
        if self._open and self._listed and not listed:  # behind the list
            self._open = None
        self._listed = listed
        if self._open is False:
            return
        short = len(body.split()) <= _LONGEST and not (body.endswith(".") and len(body.split()) > 3)
        if self._open and (listed or short) and not says_none(body, asked=self._asked):
            self._announced = True
            self._sure += self._split(body) if not listed else [_bare(body)]
        elif short and listed:
            self._unsure.append(_bare(body))
        elif short:
            names = self._split(body)
            self._unsure += names if all(map(self._stands, names)) else []

    def _split(self, text: str) -> list[str]:
        if says_none(text, asked=self._asked):
            return []
        text = text.strip()
        text = text.strip("[]") if text.startswith("[") else text
        if text[:1] in "\"“'‘`" and (quoted := _QUOTED.findall(text)):
            return [_bare(name) for name in quoted]
        parts = re.split(r"[;|\t]", text)
        if len(parts) == 1:
            parts = re.split(r",(?=\s)", text)
            if not all(map(self._stands, parts)) and self._stands(text):
                parts = [text]
        names: list[str] = []
        for part in (re.sub(r"^\s*and\s+", "", part) for part in parts):
            pieces = part.split(" and ")
            for piece in [part] if self._stands(part) or not all(map(self._stands, pieces)) else pieces:
                typed = self._typed(piece)
                names += [piece] if typed is None else typed
        return [name for name in map(_bare, names) if name and name.casefold() not in NONE]

    def _stands(self, name: str) -> bool:
        return bool(occurrences(_bare(name), tokens=self._asked.tokens))


def _bare(name: str) -> str:
    name = name.strip(' \t*`_"“”‘’').rstrip(".,;").strip(' "“”‘’`')
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == "'" else name


def join_neighbours(names: Sequence[str], *, tokens: Sequence[str]) -> list[str]:
    """Return names in which words are joined that were listed one by one and stand side by side in the sentence."""
    joined: list[str] = []
    for before, name in zip(["- -", *names], names, strict=False):
        single = " " not in before + name
        if joined and single and occurrences(f"{joined[-1]} {name}", tokens=tokens):
            joined[-1] = f"{joined[-1]} {name}"
        else:
            joined.append(name)
    return joined


def says_none(text: str, *, asked: Asked) -> bool:
    """Say whether a text says that there is no entity; a refusal does not, nor does the sentence."""
    text = re.sub(r"^(?:\w+:\s*)?[-•]\s+", "", text.strip(" \t\n\"'`*_()[]<>"))
    if not text.strip(".!"):
        return False
    if text.rstrip(".!").casefold() in {*NONE, "no", "nil", "null", "n.a", "na", "not applicable", "empty"}:
        return True
    if _REFUSAL.search(text) or asked.likeness([text]) > 0.5:
        return False
    for found in _ABSENT.finditer(text):
        clause = found["what"]
        named = _ENTITIES.search(clause) or names_type(clause, entity_type=asked.entity_type)
        if named and (_SAID.search(text) or _ENTITIES.search(clause) or len(text.split()) <= 4):
            return True
    return bool(re.fullmatch(r"none (?:(?:was|were|is|are) )?(?:found|mentioned|present|identified)\.?", text, re.I))
