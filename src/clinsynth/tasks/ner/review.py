"""Asks an annotator about a sentence, and reads the answer: `ataxia | breast cancer`, or `none`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clinsynth.text.entities import Sentence, Span
from clinsynth.text.words import offsets

SEVERAL = False

BETWEEN, NONE = "|", "none"
FREE: tuple[str, ...] = (
    "the parts of the text, word for word, with ` | ` between them, such as `breast cancer | ataxia`",
    "`none`, where there is no such part",
)


def question(labels: Sequence[str]) -> str:
    return f"Which parts of the sentence name a {_entity_type(labels).lower()}?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return ()  # free: parts of the text


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.partition("-")[2] for label in labels if "-" in label))


def given(example: Sentence) -> str:
    return f" {BETWEEN} ".join(example.mentions) or NONE


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return mentions in their order, as the text has them; raises ValueError, which says what is accepted."""
    parts = _parts(written)
    if not parts and written.strip().casefold() != NONE:
        raise ValueError(f"parts of the text with {BETWEEN} between them, or {NONE}")
    return f" {BETWEEN} ".join(text[start:end] for start, end in _places(parts, text=text)) or NONE


def agrees(answer: str, *, given: str) -> bool:
    """Compare parts by their words: which of several occurrences is meant, an answer cannot say."""
    said, label = (sorted(part.casefold() for part in _parts(written)) for written in (answer, given))
    return said == label


def relabelled(example: Sentence, answer: str, *, labels: Sequence[str]) -> Sentence:
    """Mark the words that an answer touches; the first occurrence is meant where there are several."""
    if agrees(answer, given=given(example)):
        return example
    ends = [end for _, end in offsets(example.tokens)]
    spans = []
    for start, end in _places(_parts(answer), text=example.text):
        first, last = (next(word for word, stop in enumerate(ends) if stop >= place) for place in (start + 1, end))
        spans.append(Span(first, last + 1, _entity_type(labels)))
    return Sentence(example.tokens, tuple(spans))


def _parts(written: str) -> list[str]:
    parts = [" ".join(part.split()) for part in written.split(BETWEEN) if part.strip()]
    return [] if [part.casefold() for part in parts] == [NONE] else parts


def _places(parts: Sequence[str], *, text: str) -> list[tuple[int, int]]:
    """Return start and end of each part, in the order of the text; raises ValueError for one that is not there."""
    places: list[tuple[int, int]] = []
    for part in sorted(parts, key=len, reverse=True):  # a longer one first: shorter ones may stand within it
        whole = rf"(?<!\w){re.escape(part)}(?!\w)"
        found = (match.span() for match in re.finditer(whole, text, re.IGNORECASE))
        free = (place for place in found if all(place[1] <= start or end <= place[0] for start, end in places))
        place = next(free, None)
        if place is None:
            raise ValueError(
                f"parts of the text, word for word, with {BETWEEN} between them; {part!r} is none, or not so often"
            )
        places.append(place)
    return sorted(places)


def _entity_type(labels: Sequence[str]) -> str:
    return labels[1].partition("-")[2]
