"""Tags of words in IOB1, IOB2, BIOES, BILOU and their like: which scheme a file has, and the mentions that it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from clinsynth.errors import DataFormatError

TAG = re.compile(r"O|[BIESLUMW]-\S.*")

_SINGLE = "SUW"
_LAST = "EL"

Tags = Sequence[Sequence[str]]
"""Of the words of each sentence of a file."""

Place = Callable[[int, int], str]
"""Returns file and line of a word, by its sentence and its place in it."""


def check_scheme(sentences: Tags, *, place: Place) -> None:
    """Raise DataFormatError for what is no tag, and where a file mixes label schemes."""
    kinds = {tag for tags in sentences for tag in tags}
    if wrong := {tag for tag in kinds if not TAG.fullmatch(tag)}:
        raise DataFormatError(
            f"{_first(sentences, wrong, place=place)} is no tag: O, or where an entity begins and goes on, and its "
            "type, such as B-Disease, I-Disease (or those of BIOES, BILOU)."
        )
    bioes, bilou, bmes = ({tag for tag in kinds if tag[0] in signs} for signs in ("ESW", "LU", "M"))
    if bioes and bilou:
        one, other = (_first(sentences, found, place=place) for found in (bioes, bilou))
        raise _mixed(f"{one} is of BIOES", f"{other} of BILOU")
    if closed := bioes or bilou or bmes:
        _check_closed(sentences, because=closed, place=place)
    elif "I" in {tag[0] for tag in kinds}:
        _check_open(sentences, place=place)


def spans_of(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return first word, the one behind the last, and type of each mention, in any scheme that was checked."""
    spans: list[tuple[int, int, str]] = []
    open_type, begin = "", 0
    for place, tag in enumerate([*tags, "O"]):
        prefix, kind = tag[0], tag[2:]
        goes_on = kind == open_type and prefix in "IMEL"
        if open_type and not goes_on:
            spans.append((begin, place, open_type))
        if not goes_on:
            open_type, begin = kind, place
        if prefix in _SINGLE or prefix in _LAST:
            spans.append((begin, place + 1, kind))
            open_type = ""
    return spans


def iob2(spans: Iterable[tuple[int, int, str]], *, length: int) -> list[str]:
    """Return IOB2 tags of `length` words."""
    tags = ["O"] * length
    for start, end, kind in spans:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags


def _check_open(sentences: Tags, *, place: Place) -> None:
    """IOB1 begins an entity with `I-`, but for one that follows another of its type; IOB2 always with `B-`."""
    first: dict[str, str] = {}
    for before, tag, at in _pairs(sentences):
        if tag[0] != "O" and before[2:] != tag[2:] and tag[0] not in first:
            first[tag[0]] = _at(tag, place(*at))
    if len(first) == 2:
        raise _mixed(f"{first['I']} follows no entity of its type, as in IOB1", f"{first['B']} begins one, as in IOB2")


def _check_closed(sentences: Tags, *, because: set[str], place: Place) -> None:
    """BIOES and BILOU end each entity of several words with a tag of its own, and have one for those of one word."""
    for before, tag, at in _pairs(sentences):
        is_open = before[0] in "BIM"
        goes_on = tag[0] in "IMEL"
        if is_open is not goes_on or (is_open and before[2:] != tag[2:]):
            sentence, word = at
            wrong = _at(before, place(sentence, word - 1)) if is_open else _at(tag, place(sentence, word))
            raise _mixed(
                f"{wrong} {'ends' if is_open else 'begins'} an entity otherwise than the scheme",
                f"of {_first(sentences, because, place=place)}",
            )


def _pairs(sentences: Tags) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Yield each tag with the one before it, and its place; those around a sentence are O."""
    for sentence, tags in enumerate(sentences):
        before = "O"
        for word, tag in enumerate([*tags, "O"]):
            yield before, tag, (sentence, word)
            before = tag


def _first(sentences: Tags, wanted: set[str], *, place: Place) -> str:
    """Return the first of some tags, with its place."""
    return next(
        _at(tag, place(sentence, word))
        for sentence, tags in enumerate(sentences)
        for word, tag in enumerate(tags)
        if tag in wanted
    )


def _at(tag: str, place: str) -> str:
    return f"{place}: {tag!r}"


def _mixed(one: str, other: str) -> DataFormatError:
    return DataFormatError(
        f"{one}, and {other}: label schemes are mixed, or a tag is wrong. A file has one scheme: IOB1, IOB2, BIOES or "
        "BILOU."
    )
