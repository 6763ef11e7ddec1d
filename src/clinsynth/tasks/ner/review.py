"""Asks an annotator about a sentence, and reads the answer: `ataxia | breast cancer`, or `none`."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth.text.entities import Sentence, Span
from clinsynth.text.parts import Place, name_places, place_parts, split_number

SEVERAL = False

BETWEEN, NONE = "|", "none"
FREE: tuple[str, ...] = (
    "the parts of the text, word for word, with ` | ` between them, such as `breast cancer | ataxia`; `ataxia [2]` is "
    "the second place of the same words",
    "`none`, where there is no such part",
)


def question(labels: Sequence[str]) -> str:
    return f"Which parts of the sentence name a {_entity_type(labels).lower()}?"


def choices(labels: Sequence[str]) -> tuple[str, ...]:
    return ()  # free: parts of the text


def marks(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.partition("-")[2] for label in labels if "-" in label))


def given(example: Sentence) -> str:
    places = [(entity["start"], entity["end"]) for entity in example.entities()]
    return f" {BETWEEN} ".join(name_places(places, text=example.text)) or NONE


def read(written: str, *, text: str, labels: Sequence[str]) -> str:
    """Return mentions in their order, as the text has them; raises ValueError, which says what is accepted."""
    parts = _parts(written)
    if not parts and written.strip().casefold() != NONE:
        raise ValueError(f"parts of the text with {BETWEEN} between them, or {NONE}")
    return f" {BETWEEN} ".join(_placed(parts, text=text).values()) or NONE


def agrees(answer: str, *, given: str) -> bool:
    """Compare parts by their words, and by their numbers where both say which of several places is meant."""
    said, label = (_numbers(written) for written in (answer, given))
    return said.keys() == label.keys() and all(_are_same(said[words], label[words]) for words in said)


def relabelled(example: Sentence, answer: str, *, labels: Sequence[str]) -> Sentence:
    """Mark the words that an answer touches; the first place is meant where there are several and it says no number."""
    if agrees(answer, given=given(example)):
        return example
    ends = [end for _, end in example.places]
    spans = []
    for start, end in _placed(_parts(answer), text=example.text):
        first, last = (next(word for word, stop in enumerate(ends) if stop >= place) for place in (start + 1, end))
        spans.append(Span(first, last + 1, _entity_type(labels)))
    return example.marked(sorted(set(spans)))


def _parts(written: str) -> list[str]:
    parts = [" ".join(part.split()) for part in written.split(BETWEEN) if part.strip()]
    return [] if [part.casefold() for part in parts] == [NONE] else parts


def _placed(parts: Sequence[str], *, text: str) -> dict[Place, str]:
    """Return the parts by their places; raises ValueError for one that is not there, or not so often."""
    try:
        return place_parts(parts, text=text)
    except ValueError as error:
        raise ValueError(
            f"parts of the text, word for word, with {BETWEEN} between them; {str(error)!r} is none, or not so often"
        ) from error


def _numbers(written: str) -> dict[str, list[int | None]]:
    """Return the words of each part, and which of their places are meant."""
    found: dict[str, list[int | None]] = {}
    for words, number in map(split_number, _parts(written)):
        found.setdefault(words.casefold(), []).append(number)
    return found


def _are_same(said: Sequence[int | None], label: Sequence[int | None]) -> bool:
    return len(said) == len(label) and (None in said or None in label or set(said) == set(label))


def _entity_type(labels: Sequence[str]) -> str:
    return labels[1].partition("-")[2]
