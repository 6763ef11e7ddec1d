"""Parts of a text as people name them: word for word, and with `[2]` behind where their second place in it is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

Place = tuple[int, int]
"""Characters of a text, from the first to behind the last."""

_TYPED = re.compile(r"(.+?)\s*\(([^()]+)\)", re.DOTALL)
_NUMBERED = re.compile(r"(.+?)\s*\[([1-9]\d*)\]", re.DOTALL)


def split_number(part: str) -> tuple[str, int | None]:
    """Return the words of a part, and which of their places is meant; `None` where it does not say."""
    found = _NUMBERED.fullmatch(part)
    return (found.group(1), int(found.group(2))) if found else (part, None)


def with_type(part: str, kind: str) -> str:
    """Return a part of one of several types as people name it: `ataxia (Problem)`."""
    return f"{part} ({kind})"


def split_type(part: str, kinds: Iterable[str]) -> tuple[str, str]:
    """Return the words of a part and its type; empty where it says none of these."""
    found = _TYPED.fullmatch(part)
    known = {kind.casefold(): kind for kind in kinds}
    kind = known.get(found[2].strip().casefold()) if found else None
    return (found[1], kind) if found and kind else (part, "")


def place_parts(parts: Iterable[str], *, text: str) -> dict[Place, tuple[str, int]]:
    """Return each place in the order of the text, its part as the text has it, and which of `parts` that is.

    A part has its number where it says one; one without stands at the first place that is free. Raises ValueError,
    which names it, for a part that is not there, or not so often.
    """
    placed: dict[Place, tuple[str, int]] = {}
    # numbered ones first, then longer ones: shorter ones may stand within them
    for at, part in sorted(enumerate(parts), key=lambda item: (split_number(item[1])[1] is None, -len(item[1]))):
        places, number = _meant(part, text=text)
        place = next((place for place in places if not any(_overlap(place, other) for other in placed)), None)
        if place is None:
            raise ValueError(part)
        placed[place] = _named(text[slice(*place)], number), at
    return dict(sorted(placed.items()))


def name_places(places: Iterable[Place], *, text: str) -> list[str]:
    """Return the parts at these places, in the order of the text.

    They are numbered where the same words are free elsewhere, and where they end like a number themselves.
    """
    marked = sorted(set(places))
    found = []
    for place in marked:
        words = text[slice(*place)]
        same = _places(words, text=text)
        free = any(not any(_overlap(other, one) for one in marked) for other in same)
        numbered = free or split_number(words)[1] is not None
        found.append(_named(words, same.index(place) + 1 if numbered and place in same else None))
    return found


def whole_words(start: int, end: int, *, text: str) -> Place | None:
    """Return the place of the whole words that characters touch, without blanks around; `None` for blanks alone."""
    words = text[start:end]
    start, end = start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())
    if start >= end:
        return None
    while start and _is_word(text[start - 1]) and _is_word(text[start]):
        start -= 1
    while end < len(text) and _is_word(text[end - 1]) and _is_word(text[end]):
        end += 1
    return start, end


def _meant(part: str, *, text: str) -> tuple[list[Place], int | None]:
    """Return the places that a part may mean, and its number; without so many, the brackets are the text's own."""
    words, number = split_number(part)
    numbered = _places(words, text=text)[number - 1 : number] if number else []
    return (numbered, number) if numbered else (_places(part, text=text), None)


def _places(part: str, *, text: str) -> list[Place]:
    """Return all places of a part, whatever its case; where it begins or ends with a word, the word is whole."""
    left = r"(?<!\w)" if _is_word(part[:1]) else ""
    right = r"(?!\w)" if _is_word(part[-1:]) else ""
    return [found.span() for found in re.finditer(f"{left}{re.escape(part)}{right}", text, re.IGNORECASE)]


def _named(words: str, number: int | None) -> str:
    return words if number is None else f"{words} [{number}]"


def _overlap(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_word(sign: str) -> bool:
    return re.fullmatch(r"\w", sign) is not None
