"""Reads the mentions that an LLM lists for numbered sentences, in whichever form it lists them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner.annotators import NONE
from clinsynth.text.alignment import Place, Spelt, place_in_order
from clinsynth.text.lists import clean
from clinsynth.text.markup import TAG
from clinsynth.text.numbering import BULLET, NUMBER, canonical
from clinsynth.text.peeling import LINE_END, SIGNS, said
from clinsynth.text.records import read_values
from clinsynth.text.remarks import is_remark
from clinsynth.text.words import plain, tokenise, tokenise_with_offsets
from clinsynth.types import Completion

Listed = dict[int, list[str]]
"""By the number of a sentence, from 1, what is listed for it."""

_FENCE = re.compile(r"\s*(?:```|~~~)")
_NUMBER_KEY = re.compile(
    r"(?:sentence|line|row|item)?[ _-]?(?:id|no|nr|number|num|index|n|sentence|line|row|item)", re.I
)
_ECHO_KEY = re.compile(r"sentences?|text|input", re.I)
_NAME_KEY = re.compile(r"(?:mention|entity|name|term|text|span|word|value)s?(?:[ _-]?text)?", re.I)
_TYPE_KEY = re.compile(r"(?:entity[ _-]?)?(?:type|label|class|category|tag)s?", re.I)
_NOTHING = re.compile(
    r"(?:there (?:is|are|was|were) )?(?:no|none|nothing|nil|null|n\.?/?a|not applicable|not mentioned|zero|empty)\b",
    re.I,
)
_ONE_LINE = re.compile(r"[;,|]?\s+(?=\d{1,3}[.):]\s)")
_LABEL = re.compile(r"\W*(?:\w+ )?(?:mentions?|entit(?:y|ies)|labels?)\W*:", re.I)
_MARKED = re.compile(r"\*\*(.+?)\*\*|__(.+?)__|<(?P<tag>\w+)[^<>]*>(.+?)</(?P=tag)>|\[\[(.+?)\]\]")
_BRACKET = re.compile(r"(?P<name>.*\S)\s*[(\[{](?P<inner>[^()\[\]{}]*)[)\]}]")
_TYPED = re.compile(r"(?P<name>.*?\S)\s*(?:\s[-–—]+\s|:\s|\s=|[-=]>|→|\t|\s/\s)\s*.*")
_KEYED = re.compile(r"[^:|]{1,40}:\s*(?P<rest>.*)")
_ECHO = 5
"""Words from which a mention that is the whole sentence is the sentence, repeated."""


def read_mentions(completion: Completion, *, sentences: int, types: Collection[str] = ()) -> list[list[str] | None]:
    """Return what is listed for each numbered sentence, and `None` for one that nothing is listed for.

    `types` are the names of several types, case folded, of which each mention says one: in JSON by a key or a field,
    which is read as `aspirin (Treatment)`.

    Raises DataFormatError where lines and sentences do not pair. What is listed is not parted at commas yet, which may
    stand in a mention: see `named_in`.
    """
    text = said(plain(LINE_END.sub("\n", completion.text)), instructions=True).translate(SIGNS)
    lines = [line.strip() for line in text.split("\n") if not _FENCE.match(line)]
    values, _ = read_values("\n".join(lines), mend=True)
    listed = _of_values(values, sentences, types) if values else None
    listed = _of_lines(lines, sentences) if listed is None else listed
    if not listed or not set(listed) <= set(range(1, sentences + 1)):
        raise DataFormatError(
            f"the completion {completion.id!r} lists mentions for {len(listed or ())} sentences where {sentences} were "
            "shown: it needs one line for each, numbered like them, with mentions separated by ' | ' or the word none."
        )
    if completion.finish_reason == "length":
        del listed[max(listed)]
    return [listed.get(number) for number in range(1, sentences + 1)]


def _of_values(values: list[Any], sentences: int, types: Collection[str]) -> Listed | None:
    """Return what JSON lists: by number, or in the order of the sentences; `None` where it does neither."""
    value = values[0] if len(values) == 1 else values
    while isinstance(value, dict) and len(value) == 1 and isinstance(inner := next(iter(value.values())), list | dict):
        key = str(next(iter(value)))
        if re.search(r"\d", key) or key.casefold() in types:
            break
        value = inner
    if isinstance(value, dict):
        numbers = {key: re.fullmatch(r"\D{0,20}(\d{1,4})\D?", str(key)) for key in value}
        listed = {int(found[1]): list(_parts(value[key], types)) for key, found in numbers.items() if found}
        return listed if len(listed) == len(value) else None
    listed = {}
    for place, row in enumerate(value, 1):
        number = _number(row)
        if number is not None:
            listed.setdefault(number, []).extend(_parts(row, types))
        elif len(value) == sentences:
            listed[place] = list(_parts(row, types))
        else:
            return None
    return listed


def _number(row: Any) -> int | None:
    fields = row.items() if isinstance(row, dict) else ()
    numbers = (str(value) for key, value in fields if _NUMBER_KEY.fullmatch(str(key)))
    return next((int(number) for number in numbers if number.isascii() and number.isdigit()), None)


def _parts(value: Any, types: Collection[str], kind: str = "") -> Iterator[str]:
    """Yield the mentions that a value of JSON holds; `kind` is the type under which it stands."""
    if isinstance(value, str):
        parts = value.split("|")
        yield from (f"{part} ({kind})" for part in parts if part.strip()) if kind else parts
    elif isinstance(value, list):
        pair = len(value) == 2 and types and all(isinstance(part, str) for part in value)
        if pair and value[1].casefold() in types and value[0].casefold() not in types:  # ["aspirin", "Treatment"]
            yield from _parts(value[0], types, value[1])
            return
        for part in value:
            yield from _parts(part, types, kind)
    elif isinstance(value, dict):
        by_type = {key: part for key, part in value.items() if str(key).casefold() in types}
        for key, part in by_type.items():
            yield from _parts(part, types, str(key))
        if not by_type:
            yield from _of_object(value, types, kind)


def _of_object(value: dict[Any, Any], types: Collection[str], kind: str) -> Iterator[str]:
    listed = [part for part in value.values() if isinstance(part, list)]
    own = {key: part for key, part in value.items() if isinstance(part, str) and not _NUMBER_KEY.fullmatch(str(key))}
    if types and own and all(part.casefold() in types for part in own.values()):  # {"aspirin": "Treatment"}
        named = [key for key in own if not _TYPE_KEY.fullmatch(str(key))]
        for name in named:
            yield from _parts(str(name), types, own[name])
        if named:
            return
    if types:
        kind = next((part for key, part in own.items() if _TYPE_KEY.fullmatch(str(key))), kind)
    found = [part for key, part in own.items() if _NAME_KEY.fullmatch(str(key))]
    others = [part for key, part in own.items() if not _ECHO_KEY.fullmatch(str(key))]
    yield from _parts(listed or found[:1] or others[:1], types, kind)


def _of_lines(lines: list[str], sentences: int) -> Listed:
    """Return what lines list: each has its number, or there is one for each sentence; lines below go on with it."""
    lines = [_row(line) for line in lines if TAG.sub("", line) or not line]
    if sum(map(bool, lines)) == 1:
        lines = [part for line in lines for part in _ONE_LINE.split(line)]
    lines = canonical(lines)
    if not any(map(NUMBER.match, lines)):
        items = [
            BULLET.sub("", line, count=1) for line in lines if line and not line.endswith(":") and not is_remark(line)
        ]
        return {place: item.split("|") for place, item in enumerate(items, 1)} if len(items) == sentences else {}
    listed: Listed = {}
    number, after_blank = 0, False
    for line in lines:
        opened, bullet = NUMBER.match(line), BULLET.match(line)
        if opened:
            number = int(opened["number"].split(".")[0])
            if number in listed:
                return {}
            listed[number] = line[opened.end() :].split("|")
        elif line and number and _goes_on(line, apart=after_blank and any(listed[number])):
            listed[number] += line[bullet.end() if bullet else 0 :].split("|")
        after_blank = not line
    return listed


def _goes_on(line: str, *, apart: bool) -> bool:
    """Say whether a line without a number lists more for the sentence before it; `apart`: it stands after a blank."""
    return bool(BULLET.match(line)) or (not apart and (bool(_LABEL.match(line)) or not is_remark(line)))


def _row(line: str) -> str:
    """Return a row of a table, whose first cell is a number, as a line of a list."""
    cells = [cell.strip() for cell in line.strip("| ").split("|")] if line.startswith("|") else []
    if len(cells) > 1 and cells[0].isdigit():
        return f"{cells[0]}. {' | '.join(cells[1:])}"
    return "" if cells else line


def place_listed(
    parts: Iterable[str], *, tokens: Sequence[str], types: Iterable[str]
) -> tuple[list[Place] | None, str]:
    """Return the places of what is listed for a sentence, or `None` and the mention that has none (empty: unreadable).

    `types` are names of the entity type, which stand beside mentions or before them. A mention within a longer one has
    the place of that.
    """
    reader = SentenceNames(tokens, types)
    names = reader.read(parts)
    if names is None:
        return None, ""
    places, missed = place_in_order(names, tokens=tokens, by_words=True)
    for name in missed:
        within = any(start <= a and z <= end for a, z in reader.places(name) for start, end in places)
        if not within:
            return None, name
    return places, ""


class SentenceNames:
    """Parts what is listed for a sentence into mentions, by what stands in the sentence."""

    def __init__(self, tokens: Sequence[str], types: Iterable[str]) -> None:
        self._tokens = [token.casefold() for token in tokens]
        self._types = {name.casefold() for name in types}
        self._spelt = [Spelt(tokens, fold=fold, by_words=True) for fold in (False, True)]

    def places(self, name: str) -> list[Place]:
        return self._spelt[0].find(name) or self._spelt[1].find(name)

    def read(self, parts: Iterable[str]) -> list[str] | None:
        """Return the mentions; `None` where there is nothing but the sentence once more."""
        names: list[str] = []
        echoed = False
        for part in parts:
            marked = ["".join(filter(None, groups[:2] + groups[3:])) for groups in _MARKED.findall(part)]
            if self._is_echo(part := clean(part).strip()) or self._is_echo(_MARKED.sub(_inside, part)):
                names += marked
                echoed = echoed or not marked
            else:
                names += self._names(part)
                echoed = False if part else echoed
        return None if echoed else names

    def _is_echo(self, text: str) -> bool:
        words = [word.casefold() for word in tokenise(text)]
        return len(words) >= _ECHO and _without_end(words) == _without_end(self._tokens)

    def _names(self, text: str) -> list[str]:
        text = clean(text.strip()).rstrip(".;,")
        if text.strip("()[] ").casefold() in NONE:
            return []
        if self.places(text):
            return [text]
        if text[:1] == "[" and text[-1:] == "]":
            return self._names(text[1:-1])
        if (rest := self._beyond_echo(text)) is not None:
            return self._names(rest)
        if _NOTHING.match(text):
            return []
        bracket, typed = _BRACKET.fullmatch(text), _TYPED.fullmatch(text)
        if bracket and self.places(bracket["name"]):
            inner = bracket["inner"].strip()
            return [bracket["name"], *([inner] if self.places(inner) and inner.casefold() not in self._types else [])]
        for sign in (";", ","):
            pieces = re.split(rf"{sign}(?![^()\[\]]*[)\]])", text)
            if len(pieces) > 1:
                return self._split(pieces, sign)
        if typed and self.places(typed["name"]) and typed["name"].casefold() not in self._types:
            return [typed["name"]]
        keyed = _KEYED.fullmatch(text)
        if keyed:
            return self._names(keyed["rest"])
        if TAG.search(text):
            return self._names(TAG.sub("", text))
        pieces = re.split(r"\s+(?:and|&)\s+", text)
        return pieces if len(pieces) > 1 and all(map(self.places, pieces)) else [text]

    def _split(self, pieces: list[str], sign: str) -> list[str]:
        """Return the names of a list; as many pieces as stand together in the sentence are one."""
        names: list[str] = []
        while pieces:
            pieces[0] = re.sub(r"^\s*(?:and|&)\s+", "", pieces[0])
            whole = next((end for end in range(min(len(pieces), 8), 1, -1) if self.places(sign.join(pieces[:end]))), 1)
            names += [sign.join(pieces[:whole]).strip()] if whole > 1 else self._names(pieces[0])
            pieces = pieces[whole:]
        return names

    def _beyond_echo(self, text: str) -> str | None:
        """Return what stands behind the sentence, where a text begins with it."""
        text = text.lstrip("\"'“*")
        words = tokenise_with_offsets(text)
        length = len(_without_end(self._tokens))
        if length < _ECHO or [word.casefold() for word, _, _ in words[:length]] != self._tokens[:length]:
            return None
        return text[words[length - 1][2] :].lstrip(" .!?\"'”:–—->→=|(").rstrip(")")


def _inside(mark: re.Match[str]) -> str:
    return next(group for group in (mark[1], mark[2], mark[4], mark[5]) if group)


def _without_end(words: list[str]) -> list[str]:
    """Return words without punctuation at their end."""
    length = len(words)
    while length and not words[length - 1].isalnum():
        length -= 1
    return words[:length]
