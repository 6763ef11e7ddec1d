"""Tags of words in IOB1, IOB2, BIOES, BILOU and their like: which scheme a file has, and the mentions that it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clinsynth.errors import DataFormatError

TAG = re.compile(r"O|[BIESLUMW]-\S.*")

_SINGLE = "SUW"
_LAST = "EL"
_SCHEMES = "A file has one scheme: IOB1, IOB2, BIOES or BILOU."


class TaggedWord(NamedTuple):
    """A word's tag, with file and line for messages."""

    tag: str
    place: str

    @property
    def prefix(self) -> str:
        return self.tag.partition("-")[0]

    @property
    def type(self) -> str:
        return self.tag.partition("-")[2]


_OUTSIDE = TaggedWord("O", "")


def check_scheme(sentences: Iterable[Sequence[TaggedWord]]) -> None:
    """Raise DataFormatError for what is no tag, and where the sentences of a file mix label schemes."""
    sentences = list(sentences)
    for word in (word for sentence in sentences for word in sentence):
        if not TAG.fullmatch(word.tag):
            raise DataFormatError(
                f"{word.place}: {word.tag!r} is no tag: O, or where an entity begins and goes on, and its type, such "
                "as B-Disease, I-Disease (or those of BIOES, BILOU)."
            )
    ends = {word.prefix: word for sentence in reversed(sentences) for word in reversed(sentence)}
    bioes, bilou = (next((ends[sign] for sign in signs if sign in ends), None) for signs in ("ESW", "LU"))
    if bioes and bilou:
        raise _mixed(f"{bioes.place}: {bioes.tag!r} is of BIOES", f"{bilou.tag!r} at {bilou.place} of BILOU")
    if closed := bioes or bilou or ends.get("M"):
        _check_closed(sentences, because=closed)
    else:
        _check_open(sentences)


def spans_of(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return first word, the one behind the last, and type of each mention, in any scheme that was checked."""
    spans: list[tuple[int, int, str]] = []
    open_type, begin = "", 0
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, kind = tag.partition("-")
        goes_on = kind == open_type and prefix in "IMEL"
        if open_type and not goes_on:
            spans.append((begin, place, open_type))
        if not goes_on:
            open_type, begin = kind, place
        if prefix in (*_SINGLE, *_LAST):
            spans.append((begin, place + 1, kind))
            open_type = ""
    return spans


def iob2(spans: Iterable[tuple[int, int, str]], *, length: int) -> list[str]:
    """Return IOB2 tags of `length` words."""
    tags = ["O"] * length
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags


def _check_open(sentences: Iterable[Sequence[TaggedWord]]) -> None:
    """IOB1 begins an entity with `I-`, but for one that follows another of its type; IOB2 always with `B-`."""
    first: dict[str, TaggedWord] = {}
    for sentence in sentences:
        for before, word in zip([_OUTSIDE, *sentence], sentence, strict=False):
            if word.prefix in ("B", "I") and before.type != word.type:
                first.setdefault(word.prefix, word)
    if len(first) == 2:
        loose, begun = first["I"], first["B"]
        raise _mixed(
            f"{loose.place}: {loose.tag!r} follows no entity of its type, so that the file were IOB1",
            f"{begun.tag!r} at {begun.place} begins one as in IOB2",
        )


def _check_closed(sentences: Iterable[Sequence[TaggedWord]], *, because: TaggedWord) -> None:
    """BIOES and BILOU end each entity of several words with a tag of its own, and have one for those of one word."""
    for sentence in sentences:
        for before, word in zip([_OUTSIDE, *sentence], [*sentence, _OUTSIDE], strict=True):
            is_open = before.prefix in ("B", "I", "M")
            goes_on = word.prefix in ("I", "M", *_LAST)
            if is_open is not goes_on or (is_open and before.type != word.type):
                wrong, what = (before, "ends") if is_open else (word, "begins")
                raise _mixed(
                    f"{wrong.place}: at {wrong.tag!r} an entity {what} that does not in the scheme of",
                    f"{because.tag!r} at {because.place}",
                )


def _mixed(one: str, other: str) -> DataFormatError:
    return DataFormatError(f"{one}, and {other}: label schemes are mixed, or this tag is wrong. {_SCHEMES}")
