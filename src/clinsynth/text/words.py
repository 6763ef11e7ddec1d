"""Splits words as the gold corpora do, and writes sentences as people do.

Gold data splits at every punctuation mark (`X - linked`, `Parkinson ' s disease`). What goes into
a prompt is written naturally (`detokenise`); what comes back is split as gold is (`tokenise`), or
train and test would differ. Words have blanks or punctuation between them: scripts that write none
(`scripts`) are not parted yet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}'’-–/*°")
_NO_SPACE_AFTER = frozenset("([{-–/'’")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-"})


def plain(text: str) -> str:
    """Return a text with composed letters, and the apostrophes and hyphens of gold for typographic ones."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def tokenise(text: str) -> list[str]:
    """Return runs of letters and digits with the marks on them, and every other visible character alone."""
    return [token for token, _, _ in tokenise_with_offsets(text)]


def tokenise_with_offsets(text: str) -> list[tuple[str, int, int]]:
    """Return tokens with the characters `start` to `end` (exclusive) of `text` that they stand at."""
    places = (match.span() for match in _TOKEN.finditer(_lettered(text)))
    return [(text[start:end], start, end) for start, end in places]


def _lettered(text: str) -> str:
    """Return a text with a letter for each mark on one, such as a vowel sign: to `re` a mark is no part of a word."""
    if text.isascii():
        return text
    letters = ""
    for sign in text:
        marks = letters[-1:].isalnum() and unicodedata.category(sign)[0] == "M"
        letters += "x" if marks else sign
    return letters


def detokenise(tokens: Sequence[str]) -> str:
    """Return the words with the spaces of running text; `tokenise` gives the same words back."""
    return "".join(_spaced(tokens))


def offsets(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return where each word stands in `detokenise(tokens)`."""
    places = []
    position = 0
    for piece, token in zip(_spaced(tokens), tokens, strict=True):
        end = position + len(piece)
        places.append((end - len(token), end))
        position = end
    return places


def _spaced(tokens: Sequence[str]) -> list[str]:
    """Return each word with the space that stands before it, if any."""
    pieces: list[str] = []
    quoted = False
    previous = ""
    for token in tokens:
        glued = token in _NO_SPACE_BEFORE or previous in _NO_SPACE_AFTER
        if token == '"':
            glued = quoted
            quoted = not quoted
        elif previous == '"' and quoted:
            glued = True
        pieces.append(token if glued or not pieces else f" {token}")
        previous = token
    return pieces
