"""Offsets of marks, checked against the text: what they count is found by what the marks cover."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.texts import AnnotatedText

Parts = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Mark:
    """Offsets as a file has them."""

    parts: Parts
    written: str | None
    """The words that they cover, where the file repeats them."""
    place: str
    """File and line."""


def _characters(text: str) -> list[int]:
    return [1] * len(text)


def _utf16(text: str) -> list[int]:
    return [1 + (sign > "\uffff") for sign in text]


def _utf8(text: str) -> list[int]:
    return [len(sign.encode("utf-8", "surrogatepass")) for sign in text]


def _one_line_end(text: str) -> list[int]:
    return [int(text[place : place + 2] != "\r\n") for place in range(len(text))]


_COUNTED: tuple[Callable[[str], list[int]], ...] = (_characters, _one_line_end, _utf16, _utf8)
"""What tools count, the usual first: characters; those with `\\r\\n` as one; units of UTF-16 (browsers, Java), in which
an emoji is two; bytes of UTF-8."""


def located(text: str, marks: Sequence[Mark], *, folded: bool = False) -> list[Parts]:
    """Return the parts of all marks in characters of the text.

    Marks that say what they cover tell what their offsets count, and the first way in which all of them are right is
    taken; case does not matter where it is `folded`. Raises DataFormatError where there is none.
    """
    for count in _COUNTED if any(mark.written for mark in marks) else _COUNTED[:1]:
        places = _places(count(text))
        found = [tuple((places.get(start, -1), places.get(end, -1)) for start, end in mark.parts) for mark in marks]
        if all(_fits(text, parts, mark, folded=folded) for parts, mark in zip(found, marks, strict=True)):
            return found
    wrong = next(mark for mark in marks if not _fits(text, mark.parts, mark, folded=folded))
    raise _misplaced(text, wrong)


def check_offsets(text: AnnotatedText) -> None:
    """Raise DataFormatError where a mention lies beyond its text, or a relation names one that is not there."""
    for mention in text.mentions:
        mark = Mark(mention.parts or ((mention.start, mention.end),), None, text.place)
        if not _fits(text.text, mark.parts, mark, folded=False):
            raise _misplaced(text.text, mark)
    ids = {mention.id for mention in text.mentions} - {""}
    for link in text.links:
        for end in (link.head, link.tail):
            if end not in ids:
                there = ", ".join(sorted(ids)[:5]) + (" ..." if len(ids) > 5 else "") if ids else "none"
                raise DataFormatError(
                    f"{text.place}: the relation {link.id or link.type} names the entity {end}, which is not there: "
                    f"there are {there}. Take the relation out, or put the entity in."
                )


def covered(text: str, parts: Iterable[tuple[int, int]]) -> str:
    """Return what parts of a text say, with single blanks between words."""
    return " ".join(" ".join(text[start:end] for start, end in parts).split())


def _places(widths: Sequence[int]) -> dict[int, int]:
    """Return the character at each offset; where several have one, the first."""
    places, offset = {0: 0}, 0
    for place, width in enumerate(widths, 1):
        offset += width
        places[offset] = place if width else places[offset]
    return places


def _fits(text: str, parts: Parts, mark: Mark, *, folded: bool) -> bool:
    if not all(0 <= start < end <= len(text) for start, end in parts):
        return False
    if not mark.written:
        return True
    found, written = covered(text, parts), " ".join(mark.written.split())
    return found == written or (folded and found.casefold() == written.casefold())


def _misplaced(text: str, mark: Mark) -> DataFormatError:
    where = " and ".join(f"{start} to {end}" for start, end in mark.parts)
    if not all(0 <= start < end for start, end in mark.parts):
        what = "which is no part of a text"
    elif max(end for _, end in mark.parts) > len(text):
        what = f"beyond its text, which has {len(text)} characters"
    else:
        what = f"where the text says {covered(text, mark.parts)[:60]!r}, and not {(mark.written or '')[:60]!r}"
    return DataFormatError(
        f"{mark.place}: a mention from {where}, {what}. Offsets count the characters of the text from 0, and the end "
        "is the one behind the last. Was the text changed after it was annotated, or is its encoding another one?"
    )
