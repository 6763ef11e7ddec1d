"""Peels off what stands round an LLM's answer: thoughts, the question once more, fences and tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from clinsynth.text.turns import turns
from clinsynth.text.words import plain

LINE_END = re.compile("\r\n|[\r\u2028\u2029\x85\x0b\x0c]")
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u00ad"
_DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
SIGNS: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys((*map(ord, _INVISIBLE), *_DIRECTIONS)),
}
"""Spaces and invisible signs that no text keeps; nothing else of one that goes into a corpus is changed."""
_SPACE = re.compile(r"[^\S\n\t]")
_THINKING = r"(?:think(?:ing)?|reasoning|scratchpad|thoughts?|analysis|reflection|seed:think)"
_THOUGHTS = re.compile(
    rf"[<◁]({_THINKING})[>▷].*?(?:[<◁]/\1[>▷]|\Z)"
    r"|\Aanalysis(?=[A-Z]).*?assistantfinal",  # channels whose tokens were left out
    re.DOTALL | re.IGNORECASE,
)
_CLOSED = re.compile(rf"[<◁]/{_THINKING}[>▷]", re.IGNORECASE)
_FENCE = re.compile(r"(?:```|~~~)(?:(?:json|text|txt|markdown|md|plaintext|csv|tsv|yaml|python)\b)?", re.IGNORECASE)
_TAG = re.compile(
    r"""</?[a-z][\w:-]*(?:\s+\w+="[^"<>]*")*\s*/?>      # <answer>, </s>
        |<\|[^|<>]{1,40}\|>|<</?SYS>>|\[/?INST\]        # what chat templates put between turns""",
    re.VERBOSE | re.IGNORECASE,
)
_COMMAND = re.compile(r"\\[a-zA-Z]+\{([^{}]*)\}")  # \boxed{\text{Yes}}
_WORD = re.compile(r"[^\W_]+")
_REPEATED = 60
_RUN = re.compile(rf"([^\w\s][ \n]?)\1{{{_REPEATED},}}")
_FEW = 3  # words; shorter texts stand in too many answers by chance


def normalised(text: str) -> str:
    """Return a text with one kind of line end, space, apostrophe, hyphen and letter, and nothing invisible."""
    text = plain(unicodedata.normalize("NFKC", LINE_END.sub("\n", text)))
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and sign not in "\ufe0e\ufe0f")
    return _SPACE.sub(" ", text)


def parts(text: str, *, instructions: bool = False) -> list[tuple[str, bool]]:
    """Return a text in pieces, what is said (maybe nothing) and what is not, each with whether it is thought.

    Thoughts stand between marks such as `<think>` and `</think>`; they may be opened by the template of the prompt, so
    that the text has their end alone, or be cut off, so that it has their beginning alone. The turns of others, which
    an LLM makes up or repeats, count as thoughts; where `instructions` are told apart, so does what `[INST]` opens.
    """
    found, at = [], 0
    for thought in _THOUGHTS.finditer(text):
        found += [*_unsaid(text[at : thought.start()], instructions), (thought.group(), True)]
        at = thought.end()
    return [*found, *_unsaid(text[at:], instructions)]


def _unsaid(text: str, instructions: bool) -> list[tuple[str, bool]]:
    """Return the pieces of a text without marked thoughts; what nothing has opened is closed all the same."""
    closed = max((found.end() for found in _CLOSED.finditer(text)), default=0)
    thought = [(text[:closed], True)] if closed else []
    return thought + [(piece, not said) for piece, said in turns(text[closed:], instructions=instructions)]


@lru_cache(maxsize=4)  # several look at the same answer in turn
def said(text: str, *, gap: str = "", instructions: bool = False) -> str:
    """Return a text with a gap in the place of its thoughts."""
    return gap.join(part for part, thought in parts(text, instructions=instructions) if not thought)


def peeled(text: str, *, repeated: Iterable[str] = ()) -> str:
    """Return a normalised text without thoughts, fences and tags, and without what it repeats."""
    text = said(normalised(text))
    for piece in sorted(repeated, key=len, reverse=True):
        text = without(text, piece)
    text = _TAG.sub("\n", _FENCE.sub("\n", text))
    return _COMMAND.sub(r"\1", _COMMAND.sub(r"\1", text)).strip("\n ")


def bounded(text: str, *, most: int) -> str:
    """Return a text whose repetitions of a sign are cut, and of a longer one only its beginning and its end.

    Patterns take quadratic time, and a model may repeat itself until it is stopped.
    """
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
