"""Reads the lists that LLMs write: numbered in many ways, or with bullets, or not at all.

The layout decides, not the content: whether a line is worth keeping is for quality control to say.
Lines that belong to no item (a greeting, a heading, a closing offer) are returned as remarks, so
that nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinsynth.text.leftovers import flaw
from clinsynth.text.markup import without_latex, without_marks, without_tags
from clinsynth.text.numbering import BULLET, DOTTED, NUMBER, canonical
from clinsynth.text.peeling import SIGNS, parts, said
from clinsynth.text.records import read_json, read_table
from clinsynth.text.remarks import is_remark, is_thinking, without_notes
from clinsynth.text.words import plain
from clinsynth.types import Completion, Draft, Rejected

_LINE_END = re.compile("\r\n|[\r\u2028\x85]")
_WRITTEN_END = re.compile(r"(?:\\n)+(?=\s*(?:\d{1,3}[.):]|[-*•])\s|\Z)")
_INVISIBLE = {sign: None for sign, text in SIGNS.items() if text is None}
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,}|={3,})\s*")
MARK = re.compile(
    r"""\#{1,6}\s+                                                # a heading
        |(?:[-–—*•◦▪‣·+→]|[-=]>|[a-zA-Z]\))\s+(?=\S)               # a bullet
        |(?:\d{1,3}(?:\.\)|[.):])|[(\[]\d{1,3}[)\]][.:]?)(?:\s+|(?=[^\W\d]|["“@]))   # 1. 1) 1: 1.) (1) [1]
        |\d{1,3}\s[-–—]\s+(?=[A-Z"“@])                            # 1 - Text""",
    re.VERBOSE,
)
"""Opens a line that is no sentence of running text: an item of a list, a heading."""
QUOTES = dict(zip("\"“„«'‘`「『‹", "\"”“»'’`」』›", strict=True))
ENDS = tuple('.!?…"”»')
"""Signs that end a sentence."""
_ENDS = (*ENDS, *"')]。")
_OPENING = "([{*_>→-–—~#\"'“‘"
"""Signs before the first letter of a note."""


@dataclass(frozen=True)
class Item:
    """One entry of a list, as written but for its number, its line ends and odd spaces."""

    text: str
    number: int | None = None


@dataclass(frozen=True)
class Listing:
    """The items of a list in their order, and lines that belong to none of them."""

    items: tuple[Item, ...]
    remarks: tuple[str, ...] = ()


def read_list(text: str, *, wrapped: bool = True) -> Listing:
    """Return the items of a completion in their order.

    In a list without marks a line that begins in lower case goes on with the one before it, unless
    lines are known not to be `wrapped`.
    """
    answer = _LINE_END.sub("\n", text).translate(_INVISIBLE)
    thoughts = [part.strip() for part, thought in parts(answer, instructions=True) if thought and part.strip()]
    listing = _read(without_latex(without_tags(said(answer, instructions=True))).translate(SIGNS), wrapped=wrapped)
    items, notes = [], []
    for item in listing.items:
        body, outside = without_notes(item.text)
        body, inside = without_notes(without_marks(body))
        items.append(Item(body, item.number))
        notes += [*outside, *inside]
    return Listing(tuple(items), (*thoughts, *listing.remarks, *notes))


def _read(text: str, *, wrapped: bool) -> Listing:
    """Read an answer that is data, or a table, or a list with marks or without."""
    text = _WRITTEN_END.sub("\n", text)
    lines = [line.strip() for line in text.split("\n") if not _FENCE.match(line)]
    found = read_json("\n".join(lines))
    if found is not None:
        return _given(found[0], found[1].split("\n"))
    table = read_table(lines)
    if table is not None:
        return _given(*table)
    lines = ["" if _RULE.fullmatch(line) else " ".join(line.split()) for line in lines]
    lines = canonical(lines)
    numbered = any(map(NUMBER.match, lines))
    marked = numbered or any(map(BULLET.match, lines))
    return _marked(lines, numbered=numbered) if marked else _unmarked(lines, wrapped=wrapped)


def _given(texts: Sequence[str], rest: Iterable[str]) -> Listing:
    """Return a list of texts that data or a table gives, each without a number of its own."""
    items = []
    for text in filter(None, map(str.strip, texts)):
        line = " ".join(text.split())
        marker = _marker(canonical([line])[0], last=0, numbered=True, broken=False)
        items.append(Item(marker[1], marker[0]) if marker else Item(line))
    return Listing(tuple(items), tuple(filter(None, (line.strip(" ,;`[]{}") for line in rest))))


def read_drafts(completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
    """Return the texts of a list as they are numbered, and what is none, with the reason."""
    cut = completion.finish_reason == "length"
    if cut and is_thinking(completion.text) and "</" not in completion.text:
        return [], [Rejected(Draft(unit, replicate, -1, completion.text.strip()), "remark", "thoughts")]
    listing = read_list(plain(completion.text))
    rejected = [Rejected(Draft(unit, replicate, -1, remark), "remark") for remark in listing.remarks]
    texts = [text for item in listing.items if (text := clean(item.text))]
    last = texts.pop() if cut and texts else None
    kept = []
    for text in texts:
        found = flaw(text)
        if found is None:
            kept.append(text)
        else:
            rejected.append(Rejected(Draft(unit, replicate, -1, text), *found))
    if last is not None:
        rejected.append(Rejected(Draft(unit, replicate, len(kept), last), "cut"))
    return [Draft(unit, replicate, index, text) for index, text in enumerate(kept)], rejected


def clean(text: str) -> str:
    """Return an item without quotes round the whole of it and without Markdown's emphasis."""
    if "*" in text or "__" in text:
        text = re.sub(r"\*\*|__(?=\w)|(?<=\w)__", "", text)
        text = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"\1", text)
    text = " ".join(text.split())
    while len(text) > 1 and QUOTES.get(text[0]) == text.rstrip(",;")[-1:]:
        inner = text.rstrip(",;")[1:-1]
        within = inner.find(text[0])
        if within >= 0 and not inner[:within].endswith((" ", "(")):  # quotes of parts: "a" and "b"
            break
        text = inner.strip()
    return text


def _marked(lines: list[str], *, numbered: bool) -> Listing:
    """Read a list in which items begin with a number or a bullet; other lines go on with the item before them."""
    items: list[Item] = []
    remarks: list[str] = []
    last = 0  # number of the last item
    after_blank = False
    for line in lines:
        if not line:
            after_blank = True
            continue
        before = items[-1].text if items else ""
        marker = _marker(line, last=last, numbered=numbered, broken=bool(before) and not before.endswith((*_ENDS, ":")))
        if marker is not None:
            number, body = marker
            last = last if number is None else number
            while (inner := _marker(body, last=0, numbered=numbered, broken=False)) is not None:
                if inner[0] not in (None, number):  # 1. 1) text and 1. - text, but not 1. 5 - 10 mg
                    break
                body = inner[1]
            if before.endswith(":"):  # a heading over nested items
                remarks.append(items.pop().text)
            items.append(Item(body, number))
        elif (
            not items
            or is_remark(line)
            or (before.endswith(_ENDS) and (after_blank or line.lstrip(_OPENING)[:1].isupper() or line[0] in _OPENING))
        ):
            remarks.append(line)
        else:
            items[-1] = Item(f"{before} {line}".strip(), items[-1].number)
        after_blank = False
    return Listing(tuple(items), tuple(remarks))


def _marker(line: str, *, last: int, numbered: bool, broken: bool) -> tuple[int | None, str] | None:
    """Return number and rest of a line that opens an item; `broken`: the line before it ended inside a sentence."""
    if numbered and (found := NUMBER.match(line)):
        number = int(found["number"].split(".")[0])
        # A sentence that is broken before "12." is no new item; lists that skip a few or start again are lists.
        if last == 0 or number <= 1 or last <= number <= last + 5:
            rest = line[found.end() :]
            closing = line[: found.end()].count("**") == 1  # **1. text**
            return number, rest.replace("**", "", 1) if closing and rest.count("**") % 2 else rest
    dotted = DOTTED.match(line) if numbered and not broken else None  # 2.1 text, but not a dose: 2.5 mg
    if dotted and last and int(dotted["first"]) in (last, last + 1):
        return int(dotted["first"]), line[dotted.end() :]
    bullet = BULLET.match(line)
    return (None, line[bullet.end() :]) if bullet else None


def _unmarked(lines: list[str], *, wrapped: bool) -> Listing:
    items: list[Item] = []
    remarks: list[str] = []
    for line in filter(None, lines):
        if line.endswith(":") or is_remark(line):
            remarks.append(line)
        elif wrapped and items and line[0].islower() and not items[-1].text.endswith(_ENDS):
            items[-1] = Item(f"{items[-1].text} {line}")
        else:
            items.append(Item(line))
    return Listing(tuple(items), tuple(remarks))
