"""Reads the lists that LLMs write: numbered in many ways, or with bullets, or not at all.

The layout decides, not the content: whether a line is worth keeping is for quality control to say.
Lines that belong to no item (a greeting, a heading, a closing offer) are returned as remarks, so
that nothing is dropped silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinsynth.text.peeling import SIGNS, parts, said
from clinsynth.text.words import plain
from clinsynth.types import Completion, Draft, Rejected

_LINE_END = re.compile("\r\n|[\r\u2028\x85]")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")
_BULLET = re.compile(r"(?:[-–—*•◦▪‣·+]|[a-zA-Z]\))\s+(?=\S)")
_NUMBER = re.compile(
    r"""(?:>\s*)?(?:\*\*|__|\#+\s*)?      # a quotation, emphasis or a heading's marks
        (?:(?:sentence|example)\s+(?=\d{1,3}\**[.:)]))?
        [(\[]?(?P<number>\d{1,3}(?:\.\d{1,3})*)
        (?:\*\*|__)?
        (?:\\?\.\)?(?!\d)|[):\]]|\s[-–—](?=\s))   # 1. 1\. 1) 1.) 1: (1) [1] 1 -
        (?:\*\*|__)?(?:\s+|$|(?=[*"“']|(?-i:[A-Z])))""",
    re.VERBOSE | re.IGNORECASE,
)
_DOTTED = re.compile(r"(?P<number>(?P<first>\d{1,3})\.\d{1,3})\s+(?=\S)")
MARK = re.compile(
    r"""\#{1,6}\s+                                                # a heading
        |(?:[-–—*•◦▪‣·+→]|[-=]>|[a-zA-Z]\))\s+(?=\S)               # a bullet
        |(?:\d{1,3}(?:\.\)|[.):])|[(\[]\d{1,3}[)\]][.:]?)(?:\s+|(?=[^\W\d]|["“@]))   # 1. 1) 1: 1.) (1) [1]
        |\d{1,3}\s[-–—]\s+(?=[A-Z"“@])                            # 1 - Text""",
    re.VERBOSE,
)
"""Opens a line that is no sentence of running text: an item of a list, a heading."""
REMARKS = r"""(?:sure|certainly|of\ course|absolutely|sorry)[,!.:]|(?:here|below)\ (?:are|is)\ |
    (?:these|all|the)\ (?:sentences|examples)\ |i\ (?:hope\ th|can't|cannot)|i'm\ (?:sorry|happy|glad)|
    as\ an?\ (?:ai|language\ model)\b|let\ me\ know|please\ let\ me|feel\ free|would\ you\ like|
    if\ you\ (?:need|would\ like|want)\ |note\ that\ (?:these|the\ sentences|all)|note:"""
"""Opens a line that an LLM says beside what it was asked for."""
_REMARK = re.compile(REMARKS, re.VERBOSE | re.IGNORECASE)
QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’", "`": "`"}
ENDS = tuple('.!?…"”»')
"""Signs that end a sentence."""
_ENDS = (*ENDS, *"')]")


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
    text = _LINE_END.sub("\n", text).replace("\t", " ").translate(SIGNS)
    lines = [line.strip() for line in said(text).split("\n") if not _FENCE.match(line)]
    lines = ["" if _RULE.fullmatch(line) else line for line in lines]
    thoughts = tuple(part for part, thought in parts(text) if thought)
    numbered = any(map(_NUMBER.match, lines))
    marked = numbered or any(map(_BULLET.match, lines))
    listing = _marked(lines, numbered=numbered) if marked else _unmarked(lines, wrapped=wrapped)
    return Listing(listing.items, (*thoughts, *listing.remarks))


def read_drafts(completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
    """Return the texts of a list as they are numbered, and lines that are none."""
    listing = read_list(plain(completion.text))
    texts = [text for item in listing.items if (text := clean(item.text))]
    rejected = [Rejected(Draft(unit, replicate, -1, remark), "remark") for remark in listing.remarks]
    if completion.finish_reason == "length" and texts:
        rejected.append(Rejected(Draft(unit, replicate, len(texts) - 1, texts.pop()), "cut"))
    return [Draft(unit, replicate, index, text) for index, text in enumerate(texts)], rejected


def clean(text: str) -> str:
    """Return an item without quotes round the whole of it and without Markdown's emphasis."""
    text = re.sub(r"\*\*|__(?=\w)|(?<=\w)__", "", text)
    text = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"\1", text)
    text = " ".join(text.split())
    while len(text) > 1 and QUOTES.get(text[0]) == text.rstrip(",;")[-1:]:
        inner = text.rstrip(",;")[1:-1]
        if text[0] in inner:  # quotes of parts: "a" and "b"
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
            or _REMARK.match(line)
            or (before.endswith(_ENDS) and (after_blank or line[0].isupper() or line[0] == "#"))
        ):
            remarks.append(line)
        else:
            items[-1] = Item(f"{before} {line}".strip(), items[-1].number)
        after_blank = False
    return Listing(tuple(items), tuple(remarks))


def _marker(line: str, *, last: int, numbered: bool, broken: bool) -> tuple[int | None, str] | None:
    """Return number and rest of a line that opens an item; `broken`: the line before it ended inside a sentence."""
    if numbered and (found := _NUMBER.match(line)):
        number = int(found["number"].split(".")[0])
        # A sentence that is broken before "12." is no new item; lists that skip a few or start again are lists.
        if last == 0 or number <= 1 or last <= number <= last + 5:
            rest = line[found.end() :]
            closing = line[: found.end()].count("**") == 1  # **1. text**
            return number, rest.replace("**", "", 1) if closing and rest.count("**") % 2 else rest
    dotted = _DOTTED.match(line) if numbered and not broken else None  # 2.1 text, but not a dose: 2.5 mg
    if dotted and last and int(dotted["first"]) in (last, last + 1):
        return int(dotted["first"]), line[dotted.end() :]
    bullet = _BULLET.match(line)
    return (None, line[bullet.end() :]) if bullet else None


def _unmarked(lines: list[str], *, wrapped: bool) -> Listing:
    items: list[Item] = []
    remarks: list[str] = []
    for line in filter(None, lines):
        if line.endswith(":") or _REMARK.match(line):
            remarks.append(line)
        elif wrapped and items and line[0].islower() and not items[-1].text.endswith(_ENDS):
            items[-1] = Item(f"{items[-1].text} {line}")
        else:
            items.append(Item(line))
    return Listing(tuple(items), tuple(remarks))
