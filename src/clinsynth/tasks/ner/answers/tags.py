"""The tags of an answer: `B-Disease` in the many spellings of LLMs."""

from __future__ import annotations

import re
from functools import lru_cache

OUTSIDE, BEGIN, INSIDE, BARE, OTHER = "O", "B", "I", "T", "X"
"""Kinds of words; BARE: it has the type as its tag, so that neighbours are one entity; OTHER: another type."""

_FAMILIES = tuple(
    frozenset(names.split())
    for names in (
        "disease dis disorder condition syndrome symptom illness diagnosis pathology problem phenotype",
        "chemical chem drug medication medicine compound substance pharmaceutical treatment",
        "gene protein ggp dna rna mutation variant",
        "species organism virus bacterium bacteria taxon animal plant",
        "person per patient",
        "organization organisation org location loc gpe place date time number quantity age",
        "cell cellline celltype tissue organ anatomy",
        "procedure test",
    )
)
_WEAK, _SINGULAR = (
    frozenset(names.split())
    for names in (
        "age animal cell condition number patient place plant problem test time treatment",
        "class diagnosis illness species virus",
    )
)
"""Common words: a type only behind `B-` or `I-`, never a tag of their own; and words that end in `s` all the same."""
_PREFIXES = {"B": BEGIN, "S": BEGIN, "U": BEGIN, "I": INSIDE, "M": INSIDE, "E": INSIDE, "L": INSIDE}
_EDGES = " \t*`_\"'“”‘’.,;()[]{}<>\\"
_DASH = r"[-_‐‑–—]"
_TYPED = re.compile(rf"([BISUELM])\s?{_DASH}\s?([^\W\d_](?:[\w &/-]*\w)?)", re.IGNORECASE)
_REVERSED = re.compile(rf"([^\W\d_]{{3,}})\s?{_DASH}\s?([BISUELM])", re.IGNORECASE)
_LETTER = re.compile(rf"([BISUEL]){_DASH}?", re.IGNORECASE)
_OUT = re.compile(rf"o(?:{_DASH}\w+)?|0|outside|other|none", re.IGNORECASE)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


@lru_cache(maxsize=4096)
def read_tag(written: str, *, entity_type: str, typed: bool = False) -> str | None:
    """Return what a tag says of its word, `None` where it is no tag; with `typed` a bare type is none."""
    tag = written.strip(_EDGES)
    if len(tag) > 40:
        return None
    if _OUT.fullmatch(tag):
        return OUTSIDE
    found = _TYPED.fullmatch(tag)
    if found:
        return _PREFIXES[found[1].upper()] if is_asked(found[2], entity_type=entity_type) else OUTSIDE
    letter = _LETTER.fullmatch(tag)
    if letter:
        return _PREFIXES[letter[1].upper()]
    turned = _REVERSED.fullmatch(tag)
    if turned and is_type(turned[1], entity_type=entity_type):
        return _PREFIXES[turned[2].upper()] if is_asked(turned[1], entity_type=entity_type) else OUTSIDE
    if typed or not is_type(tag, entity_type=entity_type):
        return None
    return BARE if is_asked(tag, entity_type=entity_type) else OTHER


def is_strong(written: str) -> bool:
    """Say whether this can be nothing but a tag: prefix and type."""
    return bool(_TYPED.fullmatch(written.strip(_EDGES)))


def is_type(name: str, *, entity_type: str) -> bool:
    """Say whether the words are a type's name and nothing else."""
    words = _words(name)
    known = set().union(*_FAMILIES) - (_WEAK - _words(entity_type)) | _words(entity_type)
    return bool(words) and len(words) <= 3 and words - {"entity", "name", "mention", "specific", "class"} <= known


def is_asked(name: str, *, entity_type: str) -> bool:
    """Say whether a type is the one that was asked for: not, if it clearly names another."""
    words, asked = _words(name), _words(entity_type)
    squeezed, wanted = (re.sub(r"[\W_]", "", written).casefold() for written in (name, entity_type))
    if words & asked or squeezed == wanted:
        return True
    families = [family for family in _FAMILIES if words & family]
    return not families or any(asked & family for family in families)


def names_type(text: str, *, entity_type: str) -> bool:
    """Say whether a heading has the type that was asked for in it."""
    words = _words(text)
    return bool(words & _words(entity_type)) or any(
        words & (family - _WEAK) and family & _words(entity_type) for family in _FAMILIES
    )


def names_other(text: str, *, entity_type: str) -> bool:
    """Say whether a heading is that of another type."""
    words = _words(text)
    return not names_type(text, entity_type=entity_type) and any(words & (family - _WEAK) for family in _FAMILIES)


def _words(name: str) -> set[str]:
    """Return the words folded and in the singular."""
    parts = {part.casefold() for part in _PARTS.findall(name)}
    return {part[:-1] if part[-1] == "s" and len(part) > 3 and part not in _SINGULAR else part for part in parts}
