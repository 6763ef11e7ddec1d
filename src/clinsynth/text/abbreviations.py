"""Abbreviations that a text defines, `long form (ABBR)`, as Schwartz & Hearst (2003) find them."""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[int, int]
"""Start and end in characters."""

_BRACKETS = re.compile(r"\(\s*([^()\s][^()]{1,39})\)")
_SHORT = re.compile(r"(?=.*[^\W\d_])\w\S*(?: \S+)?$")
"""A short form has a letter, begins with a letter or digit, and is of two words at most."""

LONGEST = 10
"""Characters of a short form."""


def definitions(text: str) -> Iterator[tuple[Place, Place]]:
    """Yield the places of each long form and of its abbreviation in brackets behind it."""
    for found in _BRACKETS.finditer(text):
        short = re.split(r"[,;] ", found[1])[0].rstrip()
        if len(short) > LONGEST or not _SHORT.match(short):
            continue
        before = text[: found.start()].rstrip()
        begin = _begin(short, before=before)
        if begin is not None:
            yield (begin, len(before)), (found.start(1), found.start(1) + len(short))


def _begin(short: str, *, before: str) -> int | None:
    """Return where the long form of an abbreviation begins, at the end of the text before it; `None` where it is none.

    From right to left each letter or digit is found again, the first one at the beginning of a word.
    """
    place = len(before)
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    text = before.casefold()
    if len(text) != len(before):
        return None
    for number, letter in reversed(list(enumerate(letters))):
        place = text.rfind(letter, 0, place)
        while number == 0 and place > 0 and text[place - 1].isalnum():
            place = text.rfind(letter, 0, place)
        if place < 0:
            return None
    words = len(before[place:].split())
    return place if 1 <= words <= min(len(letters) + 5, 2 * len(letters)) and len(before) - place > len(short) else None
