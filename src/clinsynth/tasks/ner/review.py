"""Asks an annotator about a sentence, and reads the answer: `ataxia | breast cancer`, or `none`.

Where entities are of several types, each part says its own: `ataxia (Problem) | aspirin (Treatment)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clinsynth.text.entities import Sentence, Span
from clinsynth.text.parts import Place, name_places, place_parts, split_type, with_type
from clinsynth.text.words import offsets

_NUMBERED = re.compile(r"(.+?)\s*\[([1-9]\d*)\]( \([^()]+\))?")

SEVERAL = False

BETWEEN, NONE = "|", "none"
FREE: tuple[str, ...] = (
    "the parts of the text, word for word, with ` | ` between them, such as `breast cancer | ataxia`; `ataxia [2]` is "
    "the second place of the same words",
    "`none`, where there is no such part",
)


def question(labels: Sequence[str]) -> str:
    *others, last = (kind.lower() for kind in marks(labels))
    return f"Which parts of the sentence name a {', '.join(others) + ' or ' if others else ''}{last}?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return ()  # free: parts of the text


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.partition("-")[2] for label in labels if "-" in label))


def given(example: Sentence, *, labels: Sequence[str]) -> str:
    """Return the mentions; of those that overlap the longest, for parts that people name do not."""
    entities = example.marked(example.outermost).entities()
    kinds = {(entity["start"], entity["end"]): entity["label"] for entity in entities}
    return _written(kinds, text=example.text, labels=labels)


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return mentions in their order, as the text has them; raises ValueError, which says what is accepted."""
    parts = _parts(written)
    if not parts and written.strip().casefold() != NONE:
        raise ValueError(f"parts of the text with {BETWEEN} between them, or {NONE}")
    placed = _placed(parts, text=text, labels=labels)
    return f" {BETWEEN} ".join(_named(part, kind, labels=labels) for part, kind in placed.values()) or NONE


def agrees(answer: str, *, given: str) -> bool:
    """Compare parts by their words, and by their numbers where both say which of several places is meant."""
    said, label = (_numbers(written) for written in (answer, given))
    return said.keys() == label.keys() and all(_are_same(said[words], label[words]) for words in said)


def relabelled(example: Sentence, answer: str, *, labels: Sequence[str]) -> Sentence:
    """Mark the words that an answer touches; the first place is meant where there are several and it says no number."""
    if agrees(answer, given=given(example, labels=labels)):
        return example
    ends = [end for _, end in (example.origin.places if example.origin else offsets(example.tokens))]
    spans = []
    for (start, end), (_, kind) in _placed(_parts(answer), text=example.text, labels=labels).items():
        first, last = (next(word for word, stop in enumerate(ends) if stop >= place) for place in (start + 1, end))
        spans.append(Span(first, last + 1, kind))
    return example.marked(spans)


def _written(kinds: dict[Place, str], *, text: str, labels: Sequence[str]) -> str:
    names = name_places(kinds, text=text)
    parts = (_named(name, kinds[place], labels=labels) for name, place in zip(names, sorted(kinds), strict=True))
    return f" {BETWEEN} ".join(parts) or NONE


def _named(part: str, kind: str, *, labels: Sequence[str]) -> str:
    return with_type(part, kind) if len(marks(labels)) > 1 else part


def _parts(written: str) -> list[str]:
    parts = [" ".join(part.split()) for part in written.split(BETWEEN) if part.strip()]
    return [] if [part.casefold() for part in parts] == [NONE] else parts


def _placed(parts: Sequence[str], *, text: str, labels: Sequence[str]) -> dict[Place, tuple[str, str]]:
    """Return the parts and their types by their places.

    Raises ValueError for a part that is not there, or not so often, or that does not say which of several types it is.
    """
    kinds = marks(labels)
    typed = [split_type(part, kinds) if len(kinds) > 1 else (part, kinds[0]) for part in parts]
    for part, kind in typed:
        if not kind:
            raise ValueError(
                f"parts of the text, word for word, each with one of {', '.join(kinds)} behind it, as in "
                f"'{with_type(part, kinds[0])}'; {part!r} has none"
            )
    try:
        placed = place_parts([part for part, _ in typed], text=text)
    except ValueError as error:
        raise ValueError(
            f"parts of the text, word for word, with {BETWEEN} between them; {str(error)!r} is none, or not so often"
        ) from error
    return {place: (part, typed[number][1]) for place, (part, number) in placed.items()}


def _numbers(written: str) -> dict[str, list[int | None]]:
    """Return the words of each part, with its type, and which of their places are meant."""
    found: dict[str, list[int | None]] = {}
    for part in _parts(written):
        numbered = _NUMBERED.fullmatch(part)
        words, number = (numbered[1] + (numbered[3] or ""), int(numbered[2])) if numbered else (part, None)
        found.setdefault(words.casefold(), []).append(number)
    return found


def _are_same(said: Sequence[int | None], label: Sequence[int | None]) -> bool:
    return len(said) == len(label) and (None in said or None in label or set(said) == set(label))
