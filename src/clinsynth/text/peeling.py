"""Peels off what stands round an LLM's answer: thoughts, the question once more, fences and tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from clinsynth.text.words import plain

_LINE_END = re.compile("\r\n|[\r\u2028\u2029\x85\x0b\x0c]")
_SPACE = re.compile(r"[^\S\n\t]")
_THINKING = r"(?:think(?:ing)?|reasoning|scratchpad)"
# The first alternative: a template opened the thoughts, so that only their end is in the completion.
_THOUGHTS = re.compile(
    rf"\A(?:(?!<{_THINKING}>).)*?</{_THINKING}>|<({_THINKING})>.*?(?:</\1>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_FENCE = re.compile(r"(?:```|~~~)(?:(?:json|text|txt|markdown|md|plaintext|csv|tsv|yaml|python)\b)?", re.IGNORECASE)
_TURN = r"<\|[^|<>]{1,40}\|>|<</?SYS>>|\[/?INST\]"  # what chat templates put between turns
_TAG = re.compile(rf'</?[a-z][\w:-]*(?:\s+\w+="[^"<>]*")*\s*/?>|{_TURN}', re.IGNORECASE)  # <answer>, </s>
_OUTER_TAG = re.compile(
    rf"</?(?:example|answer|output|result|response|text|sentence|iob|ner|code|pre|s)s?\s*/?>|{_TURN}", re.IGNORECASE
)
_INSTRUCTION = re.compile(r"\A[^\w\[{(]*(?:<s>)?\s*\[INST\].*?\[/INST\](?=.*\w)", re.DOTALL | re.IGNORECASE)
_COMMAND = re.compile(r"\\[a-zA-Z]+\{([^{}]*)\}")  # \boxed{\text{Yes}}
_WORD = re.compile(r"[^\W_]+")
_REPEATED = 60
_RUN = re.compile(rf"([^\w\s][ \n]?)\1{{{_REPEATED},}}")
_FEW = 3  # words; shorter texts stand in too many answers by chance


def tidied(text: str) -> str:
    """Return a text with one kind of line end and of space, and nothing invisible."""
    text = _SPACE.sub(" ", _LINE_END.sub("\n", text))
    if text.isascii():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and sign not in "\ufe0e\ufe0f")


def normalised(text: str) -> str:
    """Return a tidied text that is written with one kind of apostrophe, hyphen and letter."""
    return tidied(plain(unicodedata.normalize("NFKC", _LINE_END.sub("\n", text))))


def parts(text: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, by turns what is said (maybe nothing) and thought, each with whether it is thought.

    Thoughts stand between marks such as `<think>` and `</think>`; they may be opened by the template of the prompt, so
    that the text has their end alone, or be cut off, so that it has their beginning alone.
    """
    found, at = [], 0
    for thought in _THOUGHTS.finditer(text):
        found += [(text[at : thought.start()], False), (thought.group(), True)]
        at = thought.end()
    return [*found, (text[at:], False)]


def said(text: str, *, gap: str = "") -> str:
    """Return a text with a gap in the place of its thoughts."""
    return gap.join(part for part, thought in parts(text) if not thought)


def peeled(text: str, *, repeated: Iterable[str] = (), marked: bool = False, most: int | None = None) -> str:
    """Return a normalised text without thoughts, fences and tags, and without what it repeats.

    In a `marked` text tags may stand round parts of the answer: those alone are taken off that stand round the whole of
    it. Of a text of more than twice `most` characters only so much of its beginning and of its end is left, and
    repetitions of a sign are cut: patterns take quadratic time, and a model may repeat itself until it is stopped.
    """
    text = said(normalised(text), gap="\n" if marked else "")
    for piece in sorted(repeated, key=len, reverse=True):
        text = without(text, piece)
    tag, gap = (_OUTER_TAG, "") if marked else (_TAG, "\n")
    text = tag.sub(gap, _FENCE.sub(gap, _INSTRUCTION.sub("\n", text)))
    text = _COMMAND.sub(r"\1", _COMMAND.sub(r"\1", text)).strip("\n ")
    if most is None:
        return text
    text = _RUN.sub(lambda found: found.group()[:_REPEATED], text)
    return text if len(text) <= 2 * most else f"{text[:most]}\n{text[-most:]}"


def without(text: str, piece: str) -> str:
    """Return a text without a piece of it, whatever stands between its words; a piece of a few words is left."""
    words = _WORD.findall(normalised(piece))
    if len(words) < _FEW:
        return text
    return re.sub(rf"[\"@]{{0,2}}{phrase(words)}[$.?!\"')]*", " ", text, flags=re.IGNORECASE)


def phrase(words: Iterable[str]) -> str:
    """Return a pattern for these words in this order."""
    return r"(?<![^\W_])" + r"[\W_]*".join(map(re.escape, words)) + r"(?![^\W_])"


def sentences(text: str) -> list[str]:
    """Return the sentences of each line."""
    return [found for found in re.split(r"\n|(?<=[.?!])[\"')]*\s", text) if found.strip()]


def table_cells(line: str) -> list[str]:
    """Return the cells of a row of a table, with pipes or tabs between them."""
    return [cell.strip() for cell in re.split(r"[|\t]", re.sub(r"\A\s*\||\|\s*\Z", "", line))]
