"""What stands round an answer: thoughts, fences, tags, and the question once more."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from clinsynth.text.thoughts import take_out
from clinsynth.text.words import plain

_LINE_END = re.compile("\r\n|[\r\u2028\u2029\x85\x0b\x0c]")
_SPACE = re.compile(r"[^\S\n\t]")
_FENCE = re.compile(r"(?:```|~~~)(?:(?:json|text|txt|markdown|md|plaintext|csv|tsv|yaml|python)\b)?", re.IGNORECASE)
_TAG = re.compile(
    r"""</?[a-z][\w:-]*(?:\s+\w+="[^"<>]*")*\s*/?>      # <answer>, </s>
        |<\|[^|<>]{1,40}\|>|<</?SYS>>|\[/?INST\]        # what chat templates put between turns""",
    re.VERBOSE | re.IGNORECASE,
)
_COMMAND = re.compile(r"\\[a-zA-Z]+\{([^{}]*)\}")  # \boxed{\text{Yes}}
MARK = re.compile(
    r"""\#{1,6}\s+                                                # a heading
        |(?:[-–—*•◦▪‣·+→]|[-=]>|[a-zA-Z]\))\s+(?=\S)               # a bullet
        |(?:\d{1,3}(?:\.\)|[.):])|[(\[]\d{1,3}[)\]][.:]?)(?:\s+|(?=[^\W\d]|["“@]))   # 1. 1) 1: 1.) (1) [1]
        |\d{1,3}\s[-–—]\s+(?=[A-Z"“@])                            # 1 - Text""",
    re.VERBOSE,
)
"""What opens an item of a list."""
_WORD = re.compile(r"[^\W_]+")
_REPEATED = 60
_RUN = re.compile(rf"([^\w\s][ \n]?)\1{{{_REPEATED},}}")
_FEW = 3  # words; shorter texts stand in too many answers by chance


def normalised(text: str) -> str:
    """One line end, one kind of space, apostrophe, hyphen and letter, and nothing invisible."""
    text = plain(unicodedata.normalize("NFKC", _LINE_END.sub("\n", text)))
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and sign not in "\ufe0e\ufe0f")
    return _SPACE.sub(" ", text)


def unwrapped(text: str, *, repeated: Iterable[str] = ()) -> str:
    """A normalised text without thoughts, fences and tags, and without what it repeats."""
    text, _ = take_out(normalised(text))
    for piece in sorted(repeated, key=len, reverse=True):
        text = without(text, piece)
    text = _TAG.sub("\n", _FENCE.sub("\n", text))
    return _COMMAND.sub(r"\1", _COMMAND.sub(r"\1", text)).strip("\n ")


def bounded(text: str, *, most: int) -> str:
    """A text whose repetitions of a sign are cut, and of a longer one only its beginning and its end.

    Patterns take quadratic time, and a model may repeat itself until it is stopped.
    """
    text = _RUN.sub(lambda found: found.group()[:_REPEATED], text)
    return text if len(text) <= 2 * most else f"{text[:most]}\n{text[-most:]}"


def without(text: str, piece: str) -> str:
    """A text without a piece of it, whatever stands between its words; a piece of a few words is left."""
    words = _WORD.findall(normalised(piece))
    if len(words) < _FEW:
        return text
    return re.sub(rf"[\"@]{{0,2}}{phrase(words)}[$.?!\"')]*", " ", text, flags=re.IGNORECASE)


def phrase(words: Iterable[str]) -> str:
    """A pattern for these words in this order."""
    return r"(?<![^\W_])" + r"[\W_]*".join(map(re.escape, words)) + r"(?![^\W_])"


def sentences(text: str) -> list[str]:
    """Lines, and the sentences in them."""
    return [found for found in re.split(r"\n|(?<=[.?!])[\"')]*\s", text) if found.strip()]
