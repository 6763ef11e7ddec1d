"""Splits words as the gold corpora do, and writes sentences as people do.

Gold data splits at every punctuation mark (`X - linked`, `Parkinson ' s disease`). What goes into
a prompt is written naturally (`detokenise`); what comes back, and any text that is read, is split as gold is
(`tokenise`), or train, test and use would differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import regex

_ASCII = re.compile(r"[^\W_]+|[^\w\s\x00-\x1f\x7f]|_")

# Runs of letters and digits are words, so is every other visible character. Marks, such as vowel signs, belong to the
# character that they stand on, and invisible characters (soft hyphens, joiners) to the word around them. In scripts
# that put no blanks between words every character, with its marks (UAX 29's grapheme cluster), is a word: an entity can
# begin and end at each of them, as to the tokenizers of BERT at each Chinese one.
_UNSPACED = (
    r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]--[\p{Nd}\p{M}\p{P}]]"
)
_WORD = regex.compile(
    rf"(?={_UNSPACED})\X\p{{M}}*"
    rf"| [[\p{{L}}\p{{N}}]--{_UNSPACED}] (?: [[\p{{L}}\p{{N}}\p{{M}}]--{_UNSPACED}] | \p{{Cf}}+ (?=[\p{{L}}\p{{N}}]) )*"
    r"| [^\s\p{C}\p{M}] \p{M}*",
    regex.V1 | regex.VERBOSE,
)
_INVISIBLE = regex.compile(r"\p{Cf}+")
_CLOSE = regex.compile(rf"{_UNSPACED}|[\u3000-\u303f\uff01-\uff65]", regex.V1)
"""What no blank stands beside: characters of such scripts, and their punctuation."""

_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}'’-–/*°")
_NO_SPACE_AFTER = frozenset("([{-–/'’")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-"})


def plain(text: str) -> str:
    """Return a text with composed letters, and the apostrophes and hyphens of gold for typographic ones."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def tokenise(text: str) -> list[str]:
    """Return the words of a text; of what is visible nothing is left out."""
    found: list[str] = _pattern_of(text).findall(text)
    return found


def tokenise_with_offsets(text: str) -> list[tuple[str, int, int]]:
    """Return words with the characters `start` to `end` (exclusive) of `text` that they stand at."""
    return [(text[start:end], start, end) for start, end in word_places(text)]


def word_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each word, in characters of the text."""
    return (match.span() for match in _pattern_of(text).finditer(text))


def _pattern_of(text: str) -> Any:
    """Return a pattern of words, which has no groups."""
    return _ASCII if text.isascii() else _WORD


def as_read(word: str) -> str:
    """Return a word as a model reads it: composed, nothing in it invisible."""
    return word if word.isascii() else unicodedata.normalize("NFC", _INVISIBLE.sub("", word))


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
        glued = token in _NO_SPACE_BEFORE or previous in _NO_SPACE_AFTER or _touch(previous, token)
        if token == '"':
            glued = quoted
            quoted = not quoted
        elif previous == '"' and quoted:
            glued = True
        pieces.append(token if glued or not pieces else f" {token}")
        previous = token
    return pieces


def _touch(previous: str, token: str) -> bool:
    """Say whether a script that puts no blanks between words writes the two side by side."""
    if previous.isascii() or token.isascii():
        return False
    return _CLOSE.match(previous) is not None and _CLOSE.match(token) is not None


def folded(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a text without upper case: texts whose folded words are equal count as copies."""
    return tuple(word.casefold() for word in words)
