"""Finds the numbers and bullets that open the lines of a list, and brings odd ones to the form `1. text`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

NUMBER = re.compile(
    r"""(?:>\s*)?(?:\*\*|__|\#+\s*)?      # a quotation, emphasis or a heading's marks
        (?:(?:sentence|example)\s+(?=\d{1,3}\**[.:)]))?
        [(\[]?(?P<number>\d{1,3}(?:\.\d{1,3})*)
        (?:\*\*|__)?
        (?:\\?\.\)?(?!\d)|[):\]]|\s[-–—](?=\s))   # 1. 1\. 1) 1.) 1: (1) [1] 1 -
        (?:\*\*|__)?(?:\s+|$|(?=[*"“']|(?-i:[A-Z])))""",
    re.VERBOSE | re.IGNORECASE,
)
DOTTED = re.compile(r"(?P<number>(?P<first>\d{1,3})\.\d{1,3})\s+(?=\S)")
BULLET = re.compile(
    r"(?:[-–—*•◦▪‣·+※★☆◆◇»⁃]|[a-zA-Z]\))\s+(?=\S)"
    r"|[•◦▪‣●○■□▸►▶➤➢➔✓✔✅☑☐❖🔹🔸👉]\ufe0f?\s*(?=\S)|\[[ xX✓]?\]\s+(?=\S)"
)
_BOX = re.compile(r"^([-*+•]\s+)?\[[ xX✓]?\]\s+(?=\S)")
QUOTATION = re.compile(r"\A(?:>\s*)+(?!\s*\d+(?!\d|[.)]\s))")  # but "> 50 years"
_INLINE = re.compile(
    r"(?<=[.!?…;:\"”’)\]])\s+(?=[(\[]?(?P<number>\d{1,3})(?:[.):]|\](?![\w-]))\s+[\"“'(]?(?P<first>\S))"
)
_INLINE_BULLET = re.compile(r"\s+(?=[•◦▪‣●○■□▸►▶➤➢✓✔✅]\s)")
_INLINE_DASH = re.compile(r"(?<=[.!?])\s+(?=[-*+]\s+[A-Z\"“])")

_KNOWN = (
    r"(?:sentence|example|statement|item|output|text|entry|no|nr|num|number|s|q|case|vignette|observation|behaviou?r)"
)
_NAMED = re.compile(
    rf"[*_(\[]*+{_KNOWN}?[ ._-]*\#?(?P<number>\d{{1,3}})"
    r"(?P<end>[*_)\]]*\s*(?:[:.)\]]+|\s[-–—](?=\s)|[-=]>)[*_]*\s*)(?=\S)",
    re.IGNORECASE,
)
_FENCED = re.compile(r"[{<|«](?P<number>\d{1,3})[}>|»][.:)]?\s*(?=\S)|\#(?P<hash>\d{1,3})\b[.):\s-]*(?=\S)")
_WIDE = re.compile(r"(?P<number>[0-9０-９]{1,3})\s*(?:[、。．：）]|\ufe0f?\u20e3)\s*|(?P<ten>\U0001f51f)\s*")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _letter(written: str) -> int:
    return ord(written.lower()) - ord("a") + 1


def _roman(written: str) -> int:
    return _ROMAN.index(written.lower()) + 1 if written.lower() in _ROMAN else 0


def _word(written: str) -> int:
    names = (*_CARDINALS, *_ORDINALS)
    return names.index(written.lower()) % 10 + 1


_IN_ORDER: tuple[tuple[re.Pattern[str], Callable[[str], int]], ...] = (
    (re.compile(r"[*_(\[]*([A-Za-z])[*_)\]]*(?:[.):]|\s[-–—])[*_]*\s+(?=\S)"), _letter),
    (re.compile(r"[*_(\[]*([ivxIVX]{1,5})[*_)\]]*[.):]?[*_]*\s+(?=\S)"), _roman),
    (re.compile(r"[(\[]?(\d{1,3})\s?(?:/|of)\s?\d{1,3}[)\]]?\s*[:.)-]?\s+(?=\S)"), int),
    (re.compile(r"(?:[A-Za-z]{1,15}[ _-]?)?\#?(\d{1,3})\s?[:.)\]>=»→~;,/|-]+\s*(?=\S)"), int),
    (re.compile(r"(?:\d{1,2}\.)+(\d{1,3})\.?\s+(?=\S)"), int),
    (re.compile(r"(\d{1,3})(?:st|nd|rd|th)?(?:\s+sentence)?[:.]?\s+(?=\S)"), int),
    (
        re.compile(
            rf"[*_]*(?:sentence\s+)?({'|'.join((*_CARDINALS, *_ORDINALS))})(?:\s+sentence)?"
            r"[*_]*\s*[:.)–—-][*_]*\s*(?=\S)",
            re.IGNORECASE,
        ),
        _word,
    ),
)
"""Marks that open an item only where one line after another has them, and in their order."""


def canonical(lines: list[str]) -> list[str]:
    """Return lines whose odd numbers have the form `1.`, one item of a list a line."""
    lines = [_opened(QUOTATION.sub("", line)) for line in lines]
    if not any(map(NUMBER.match, lines)):
        lines = _in_order(lines)
    return [part for line in lines for part in _parted(line)]


def without_signs(line: str) -> str:
    """Return a line whose number is a sign, such as ①, as `1. text`, and without a box to tick."""
    line = _BOX.sub(r"\1", line)
    sign = line[:1]
    if sign and unicodedata.category(sign) in ("No", "Nl") and "<s" not in (kind := unicodedata.decomposition(sign)):
        value = unicodedata.numeric(sign)
        return f"{int(value)}. {line[1:].lstrip(' .、')}" if value >= 1 and "<fraction>" not in kind else line
    if wide := _WIDE.match(line):
        return f"{int(wide['number'] or 10)}. {line[wide.end() :]}"
    return line


def _opened(line: str) -> str:
    """Return a line whose number is one by itself as `1. text`."""
    if line[:1].isascii() and NUMBER.match(line):
        return line
    line = without_signs(line)
    found = _FENCED.match(line)
    if found:
        return f"{found['number'] or found['hash']}. {line[found.end() :]}"
    named = _NAMED.match(line)
    if named and not line[:1].isdigit() and named["end"].strip():
        return f"{named['number']}. {line[named.end() :]}"
    return line


def _in_order(lines: list[str]) -> list[str]:
    for pattern, value in _IN_ORDER:
        found = {at: match for at, line in enumerate(lines) if (match := pattern.match(line))}
        numbers = [value(match[1]) for match in found.values()]
        if len(numbers) > 1 and numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            return [
                f"{value(found[at][1])}. {line[found[at].end() :]}" if at in found else line
                for at, line in enumerate(lines)
            ]
    return lines


def _parted(line: str) -> Iterator[str]:
    """Yield the items of a list that stands on one line; any other line as it is."""
    bullet = BULLET.match(line)
    if bullet:
        between = _INLINE_DASH if line[0] in "-*+" else _INLINE_BULLET
        yield from between.split(line)
        return
    opened = NUMBER.match(line)
    last = int(opened["number"].split(".")[0]) if opened else 0
    cuts: list[int] = []
    for mark in _INLINE.finditer(line):
        sentence = line[mark.start() - 1] in ".!?" or not mark["first"].islower()
        if int(mark["number"]) == last + 1 and sentence:
            cuts.append(mark.end())
            last += 1
    if not opened and len(cuts) < 2:
        cuts = []
    for start, end in zip([0, *cuts], [*cuts, len(line)], strict=True):
        yield line[start:end].rstrip(" ;") if cuts else line
