"""Reads the lists that LLMs write: numbered in many ways, or with bullets, or not at all.

The layout decides, not the content: whether a line is worth keeping is for quality control to say.
Lines that belong to no item (a greeting, a heading, a closing offer) are returned as remarks, so
that nothing is dropped silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinsynth.text.thoughts import take_out
from clinsynth.text.words import plain
from clinsynth.types import Completion, Draft, Rejected

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t"), " ")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_FENCE = re.compile(r"^\s*(```|~~~)")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")
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
_BULLET = re.compile(r"(?:[-–—*•◦▪‣·+]|[a-zA-Z]\))\s+(?=\S)")
_REMARK = re.compile(
    r"""(?:(?:sure|certainly|of\ course|absolutely|sorry)[,!.:]|(?:here|below)\ (?:are|is)\ |
        (?:these|all|the)\ (?:sentences|examples)\ |i\ (?:hope\ th|can't|cannot)|i'm\ (?:sorry|happy|glad)|
        as\ an?\ (?:ai|language\ model)\b|let\ me\ know|please\ let\ me|feel\ free|would\ you\ like|
        if\ you\ (?:need|would\ like|want)\ |note\ that\ (?:these|the\ sentences|all)|note:)""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’", "`": "`"}
_ENDS = tuple(".!?…\"”»')]")


@dataclass(frozen=True)
class Item:
    """One entry of a list, as written but for its number, its line ends and odd spaces."""

    text: str
    number: int | None = None


@dataclass(frozen=True)
class Listing:
    items: tuple[Item, ...]
    remarks: tuple[str, ...] = ()
    """Lines that belong to no item."""


def read_list(text: str, *, wrapped: bool = True) -> Listing:
    """Items of a completion in their order.

    In a list without marks a line that begins in lower case goes on with the one before it, unless
    lines are known not to be `wrapped`.
    """
    whole, thoughts = take_out(_normalised(text))
    lines = ["" if _RULE.fullmatch(line) else line for line in whole.split("\n")]
    listing = _read_lines([line for line in lines if not _FENCE.match(line)], wrapped=wrapped)
    return Listing(listing.items, (*thoughts, *listing.remarks))


def read_drafts(completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
    """The texts of a list as they are numbered, and lines that are none."""
    listing = read_list(plain(completion.text))
    texts = [text for item in listing.items if (text := clean(item.text))]
    rejected = [Rejected(Draft(unit, replicate, -1, remark), "remark") for remark in listing.remarks]
    if completion.finish_reason == "length" and texts:
        rejected.append(Rejected(Draft(unit, replicate, len(texts) - 1, texts.pop()), "cut"))
    return [Draft(unit, replicate, index, text) for index, text in enumerate(texts)], rejected


def clean(text: str) -> str:
    """An item without quotes round the whole of it and without Markdown's emphasis."""
    text = re.sub(r"\*\*|__(?=\w)|(?<=\w)__", "", text)
    text = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"\1", text)
    text = " ".join(text.split())
    while len(text) > 1 and _QUOTES.get(text[0]) == text.rstrip(",;")[-1:]:
        inner = text.rstrip(",;")[1:-1]
        if text[0] in inner:  # quotes of parts: "a" and "b"
            break
        text = inner.strip()
    return text


def _read_lines(lines: list[str], *, wrapped: bool) -> Listing:
    if any(_NUMBER.match(line.strip()) for line in lines):
        return _marked(lines, numbered=True)
    if any(_BULLET.match(line.strip()) for line in lines):
        return _marked(lines, numbered=False)
    return _unmarked(lines, wrapped=wrapped)


def _normalised(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\x85", "\n")
    return text.translate(_SPACES).translate(_INVISIBLE)


def _marked(lines: list[str], *, numbered: bool) -> Listing:
    """A list in which items begin with a number or a bullet; other lines go on with the item before them."""
    items: list[Item] = []
    remarks: list[str] = []
    last = 0  # number of the last item
    after_blank = False
    for line in map(str.strip, lines):
        if not line:
            after_blank = True
            continue
        before = items[-1].text if items else ""
        marker = _marker(line, last=last, numbered=numbered, broken=bool(before) and not before.endswith((*_ENDS, ":")))
        if marker is None:
            if items and not _is_remark(line, items[-1], after_blank=after_blank):
                items[-1] = Item(f"{items[-1].text} {line}".strip(), items[-1].number)
            else:
                remarks.append(line)
        else:
            number, body = marker
            if number is not None:
                last = number
            while (inner := _marker(body, last=0, numbered=numbered, broken=False)) is not None:
                if inner[0] not in (None, number):  # 1. 1) text and 1. - text, but not 1. 5 - 10 mg
                    break
                body = inner[1]
            if items and items[-1].text.endswith(":"):  # a heading over nested items
                remarks.append(items.pop().text)
            items.append(Item(body, number))
        after_blank = False
    return Listing(tuple(items), tuple(remarks))


def _marker(line: str, *, last: int, numbered: bool, broken: bool) -> tuple[int | None, str] | None:
    """Number and rest of a line that opens an item; `broken`: the line before it ended inside a sentence."""
    found = _NUMBER.match(line) if numbered else None
    if found:
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
    if bullet:
        return None, line[bullet.end() :]
    return None


def _is_remark(line: str, before: Item, *, after_blank: bool) -> bool:
    """Whether a line without a marker stands for itself and does not go on with the item before it."""
    if _REMARK.match(line):
        return True
    return before.text.endswith(_ENDS) and (after_blank or line[0].isupper() or line[0] == "#")


def _unmarked(lines: list[str], *, wrapped: bool) -> Listing:
    items: list[Item] = []
    remarks: list[str] = []
    for line in map(str.strip, lines):
        if not line:
            continue
        if line.endswith(":") or _REMARK.match(line):
            remarks.append(line)
        elif wrapped and items and line[0].islower() and not items[-1].text.endswith(_ENDS):
            items[-1] = Item(f"{items[-1].text} {line}")
        else:
            items.append(Item(line))
    return Listing(tuple(items), tuple(remarks))
