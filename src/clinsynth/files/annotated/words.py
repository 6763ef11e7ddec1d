"""Words of texts, for the formats that split them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from clinsynth.files.annotated.texts import AnnotatedText

_VISIBLE = re.compile(r"\S+")


def word_places(text: AnnotatedText) -> list[tuple[int, int]]:
    """Return start and end of the words: its own, else what blanks part.

    They are cut where a mention begins or ends, so that each mention is made of whole words, and hold no blanks.
    """
    cuts = {place for found in text.mentions for part in found.parts or ((found.start, found.end),) for place in part}
    places = []
    for start, end in text.words or ((0, len(text.text)),):
        edges = [start, *sorted(place for place in cuts if start < place < end), end]
        for left, right in pairwise(edges):
            places += [match.span() for match in _VISIBLE.finditer(text.text, left, right)]
    return places


def joined(words: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return words with blanks between them, and where each stands."""
    places, offset = [], 0
    for word in words:
        places.append((offset, offset + len(word)))
        offset += len(word) + 1
    return " ".join(words), tuple(places)
