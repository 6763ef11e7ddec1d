"""Reads answers that list the names of entities, and answers that say there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clinsynth.tasks.ner.annotators import NONE
from clinsynth.tasks.ner.answers.asked import Asked, Named
from clinsynth.tasks.ner.answers.entity_types import Closeness
from clinsynth.tasks.ner.answers.tags import is_strong
from clinsynth.text.alignment import occurrences, plainest

_LONGEST_LINE = 1000
"""Characters of a line that may list names."""
_LONGEST = 10
"""Words of a name in a list that nothing announces."""

_EMPHASISED = re.compile(r"\*\*(.+?)\*\*|\"(.+?)\"|“(.+?)”|`(.+?)`")
ITEM = re.compile(r"(?:[-*•·◦▪–—+>]\s+|[(\[]?\d{1,3}[.):\]]+\s+)")
_HEAD = re.compile(r"(?P<head>[^:=\n]{1,100}?)\s*[:=]\s*(?P<rest>.*)")
_ENTITIES = re.compile(r"\b(?:entit(?:y|ies)|mentions?|named)\b", re.IGNORECASE)
_TYPED = re.compile(
    r"(?P<name>.+?)\s*(?:[(\[](?P<inner>[\w /-]+)[)\]]|(?:\s[-–—]|[:=|,\t]|->|=>|→)\s*(?P<outer>[\w /-]+))[.,;]?"
)
_TURNED = re.compile(r"(?P<type>[\w-]+)\s*(?:\s[-–—]\s|\t|\||->|→)\s*(?P<name>.+)")
_BRACKETED = re.compile(r"[\[{]([^\[\]{}]+)[\]}]|\(([^()]+)\)")
LISTING = re.compile(
    r"entit|answer|output|result|response|mention|prediction|extract|\b(?:list|found|data)\b", re.IGNORECASE
)
"""Heads a list of names, and says nothing of their type."""
_QUOTED = re.compile(r"[\"“'‘`](.+?)[\"”'’`](?=\s*(?:[,;.)(]|and\b|$))")
_WORDS = re.compile(r"[\w/&()-]+(?: [\w/&()-]+){0,3}")
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


def read_names(text: str, *, asked: Asked) -> list[str] | None:
    """Return the names in a list, announced or of names that stand in the sentence; `None` where there is none."""
    sentence, told = asked.text, plainest(text)
    alike = asked.likeness([text]) > 0.8 or (sentence.startswith(told) and 2 * len(told) > len(sentence))
    found = _HEAD.match(text)
    headed = found and (_ENTITIES.search(found["head"]) or asked.names_type(found["head"]))
    if alike and not (headed or ITEM.match(text)):
        return None  # the sentence itself, whole or cut
    reader = _Names(asked)
    for line in text.split("\n"):
        plain = re.sub(r"\*\*|^#+\s*", "", line).strip()
        if plain and len(plain) <= _LONGEST_LINE:
            reader.add(plain, emphasised=["".join(found) for found in _EMPHASISED.findall(line)])
    return reader.names


def split_names(text: str, *, asked: Asked) -> list[Named]:
    """Return the names of a text that is a list of them."""
    return _Names(asked).split(text)


class _Names:
    """The list as far as it has been read."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._sure: list[Named] = []
        self._unsure: list[Named] = []
        self._notes: set[str] = set()  # in the place of a type, and maybe none
        self._announced = False
        self._listed = False
        self._head = ""
        self._open: bool | None = None  # under a heading: is it that of the type asked for?

    @property
    def names(self) -> list[str] | None:
        if self._sure or self._announced:
            return self._meant(self._sure)
        return self._meant(self._unsure) if any(self._stands(name) for name, _ in self._unsure) else None

    def _meant(self, found: Sequence[Named]) -> list[str]:
        typed = any(named and named not in self._notes for _, named in found)
        return self._asked.names([(name, named if typed or named not in self._notes else "") for name, named in found])

    def add(self, line: str, *, emphasised: Sequence[str]) -> None:
        item = ITEM.match(line)
        body = line[item.end() :] if item else line
        if parts := groups(body):
            for part in parts:
                self.add(part, emphasised=())
            return
        typed = self._typed(body)
        if typed is not None:
            self._announced = True
            self._sure += typed
        elif not self._heading(body):
            self._plain(body, listed=bool(item))
            told = _ENTITIES.search(body) or self._asked.names_type(body)
            if told and not _ABSENT.search(body) and all(map(self._stands, emphasised)):
                self._unsure += [(_bare(name), "") for name in emphasised]

    def _typed(self, body: str) -> list[Named] | None:
        """Return the name in `ataxia (Disease)`, with its type."""
        body = re.sub(r"[,;(]\s*(?:entity )?(?:type|label|class|category)\s*[:=]\s*", " - ", body, flags=re.IGNORECASE)
        body = re.sub(r"^(?:entity|mention|name|text)\s*\d*\s*[:=]\s*(?=.* - )", "", body, flags=re.IGNORECASE)
        for found in (_TYPED.fullmatch(body), _TURNED.fullmatch(body)):
            if not found:
                continue
            groups, name = found.groupdict(), found["name"]
            kind = groups.get("inner") or groups.get("outer") or groups.get("type") or ""
            if _FIELD.fullmatch(name) and not self._stands(name):  # Type: Disease
                return []
            known = self._asked.is_type(kind) and not _ENTITIES.search(name)
            if not known and groups.get("inner") and self._stands(name) and not self._stands(body):
                known = len(kind.split()) < 3 and not self._stands(kind)
                if known and not self._asked.offers(kind):
                    self._notes.add(kind)
            if known:
                names = [(_bare(name), kind)] if self._stands(name) else self.split(name)
                return [(one, named or kind) for one, named in names]
        return None

    def _heading(self, body: str) -> bool:
        found = _HEAD.match(body)
        head = found["head"] if found else body if self._asked.is_type(body) else ""
        rest = found["rest"] if found else ""
        other = self._asked.names_other(head)
        if not head or len(head.split()) > 12:
            return False
        named = self._asked.names_type(head)
        if other or named or _ENTITIES.search(head):
            self._open = not other
            self._head = head if named else ""
            if is_strong(head):  # B-Disease: ataxia, but not B-Disease: where one begins
                tag = self._asked.tag(head)
                names = [(name, tag.named if tag else "") for name, _ in self.split(rest)]
                self._unsure += names if all(self._stands(name) for name, _ in names) else []
                self._open = None
            elif rest and not other:
                self._announced = True
                self._sure += self._headed(self.split(rest))
            return True
        if rest and self._other_heading(head, rest):
            return True
        if not rest:
            self._open = None if re.search(r"answer|output|result|follow|here", head, re.IGNORECASE) else False
        return not rest

    def _other_heading(self, head: str, rest: str) -> bool:
        """Read names of the sentence behind a word that only here is a type's: `Tests: blood count`."""
        names = self.split(rest)
        if not names or not _WORDS.fullmatch(head) or len(rest.split()) > _LONGEST or self._stands(head):
            return False
        if not all(self._stands(name) for name, _ in names):
            return False
        untyped = LISTING.search(head)
        level = self._asked.closeness(head)
        sure = level != Closeness.UNKNOWN and not untyped
        self._announced = self._announced or sure
        (self._sure if sure else self._unsure).extend(
            (name, named or ("" if untyped else head)) for name, named in names
        )
        return True

    def _headed(self, names: Sequence[Named]) -> list[Named]:
        return [(name, named or self._head) for name, named in names]

    def _plain(self, body: str, *, listed: bool) -> None:
        if self._open and self._listed and not listed:  # behind the list
            self._open = None
        self._listed = listed
        if self._open is False:
            return
        short = len(body.split()) <= _LONGEST and not (body.endswith(".") and len(body.split()) > 3)
        if self._open and (listed or short) and not says_none(body, asked=self._asked):
            self._announced = True
            self._sure += self._headed([(_bare(body), "")] if listed else self.split(body))
        elif short and listed:
            self._unsure.append((_bare(body), ""))
        elif short:
            names = self.split(body)
            self._unsure += names if all(self._stands(name) for name, _ in names) else []

    def split(self, text: str) -> list[Named]:
        """Return the names of a line that lists them."""
        if says_none(text, asked=self._asked):
            return []
        text = text.strip()
        if parts := groups(text):
            return [named for part in parts for named in self._typed(part) or self.split(part)]
        text = text.strip("[]") if text.startswith("[") else text
        if text[:1] in "\"“'‘`" and (quoted := _QUOTED.findall(text)):
            return [(_bare(name), "") for name in quoted]
        parts = re.split(r"[;|\t]", text)
        if len(parts) == 1:
            parts = re.split(r",(?=\s)", text)
            if not all(map(self._stands, parts)) and self._stands(text):
                parts = [text]
        names: list[Named] = []
        for part in (re.sub(r"^\s*and\s+", "", part) for part in parts):
            pieces = part.split(" and ")
            for piece in [part] if self._stands(part) or not all(map(self._stands, pieces)) else pieces:
                typed = self._typed(piece)
                names += [(piece, "")] if typed is None else typed
        bare = [(_bare(name), named) for name, named in names]
        return [(name, named) for name, named in bare if not is_none(name)]

    def _stands(self, name: str) -> bool:
        return bool(occurrences(_bare(name), tokens=self._asked.tokens))


def groups(text: str) -> list[str]:
    """Return what stands in brackets in a text of nothing but brackets: `[gout], [ataxia]`."""
    if _BRACKETED.sub("", text).strip(" ,;."):
        return []
    return ["".join(found).strip() for found in _BRACKETED.findall(text)]


def _bare(name: str) -> str:
    name = name.strip(' \t*`_"“”‘’').rstrip(".,;").strip(' "“”‘’`')
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == "'" else name


def is_none(name: str) -> bool:
    """Say whether this stands in the place of a name where there is none."""
    return not plainest(name) or name.casefold() in NONE


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
        named = _ENTITIES.search(clause) or asked.names_type(clause)
        if named and (_SAID.search(text) or _ENTITIES.search(clause) or len(text.split()) <= 4):
            return True
    return bool(re.fullmatch(r"none (?:(?:was|were|is|are) )?(?:found|mentioned|present|identified)\.?", text, re.I))
