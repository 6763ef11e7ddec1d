"""The tags of an answer: `B-Disease` in the many spellings of LLMs."""

from __future__ import annotations

import re
from functools import lru_cache

from clinsynth.tasks.ner.answers.entity_types import is_asked, is_type


class Tag(str):
    """The word of a tag about its word, and the entity type that it names, if it names one."""

    named: str

    def __new__(cls, kind: str, named: str = "") -> Tag:
        tag = super().__new__(cls, kind)
        tag.named = named
        return tag


OUTSIDE, BEGIN, INSIDE, BARE, OTHER = map(Tag, "OBITX")
"""Kinds of words; BARE: it has the type as its tag, so that neighbours are one entity; OTHER: another type."""

_PREFIXES = {"B": BEGIN, "S": BEGIN, "U": BEGIN, "I": INSIDE, "M": INSIDE, "E": INSIDE, "L": INSIDE}
_EDGES = " \t*`_\"'“”‘’.,;()[]{}<>\\"
_DASH = r"[-_‐‑–—]"
_TYPED = re.compile(rf"([BISUELM])\s?{_DASH}\s?([^\W\d_](?:[\w &/-]*\w)?)", re.IGNORECASE)
_REVERSED = re.compile(rf"([^\W\d_]{{3,}})\s?{_DASH}\s?([BISUELM])", re.IGNORECASE)
_LETTER = re.compile(rf"([BISUEL]){_DASH}?", re.IGNORECASE)
_OUT = re.compile(rf"o(?:{_DASH}\w+)?|0|outside|other|none", re.IGNORECASE)


@lru_cache(maxsize=4096)
def read_tag(
    written: str, *, entity_type: str, typed: bool = False, others: frozenset[str] = frozenset()
) -> Tag | None:
    """Return what a tag says of its word, `None` where it is no tag; with `typed` a bare type is none."""
    tag = written.strip(_EDGES)
    if len(tag) > 40:
        return None
    if _OUT.fullmatch(tag):
        return OUTSIDE
    found = _TYPED.fullmatch(tag)
    if found:
        return _of_type(found[1], found[2], entity_type=entity_type, others=others)
    letter = _LETTER.fullmatch(tag)
    if letter:
        return _PREFIXES[letter[1].upper()]
    turned = _REVERSED.fullmatch(tag)
    if turned and is_type(turned[1], entity_type=entity_type, others=others):
        return _of_type(turned[2], turned[1], entity_type=entity_type, others=others)
    if typed or not is_type(tag, entity_type=entity_type, others=others):
        return None
    return Tag(BARE if is_asked(tag, entity_type=entity_type, others=others) else OTHER, tag)


def _of_type(prefix: str, name: str, *, entity_type: str, others: frozenset[str]) -> Tag:
    asked = is_asked(name, entity_type=entity_type, others=others)
    return Tag(_PREFIXES[prefix.upper()] if asked else OUTSIDE, name)


def is_strong(written: str) -> bool:
    """Say whether this can be nothing but a tag: prefix and type."""
    return bool(_TYPED.fullmatch(written.strip(_EDGES)))
