"""The names of entity types in an answer: which of them mean the type that was asked for.

An answer that names several types means only those that come closest to the asked one; the one type of an answer
that names no other may be called anything, if it is not clearly another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise


class Closeness(IntEnum):
    """How near a type's name comes to the type that was asked for."""

    OTHER = 0
    UNKNOWN = 1
    RELATED = 2
    SYNONYM = 3
    """Another word for it, a shorter name of it (`AE` for `nervous_AE`), or a word for any type (`entity`)."""
    SAME = 4
    """Its name, maybe narrowed: `SpecificDisease`."""


# Lines are families; between bars stand words for one and the same type.
_FAMILIES = tuple(
    tuple(frozenset(names.split()) for names in family.split("|"))
    for family in """
        disease dis disorder condition syndrome illness diagnosis pathology | symptom sign finding manifestation
            | problem | phenotype | cancer tumor tumour neoplasm infection injury abnormality complication
        chemical chem drug medication medicine compound substance pharmaceutical | treatment therapy
        gene protein ggp | dna | rna | mutation variant
        species organism taxon | virus | bacterium bacteria | animal | plant
        person per | patient
        organization organisation org institution
        location loc gpe place
        date time
        number quantity
        age
        cell | cellline | celltype | tissue organ anatomy
        procedure surgery operation
        test investigation lab laboratory examination measurement imaging
        ade
        dose dosage strength
        frequency
        route
        duration
        form
        reason
        severity
        event
        device
        function
        process
        """.replace("\n            |", "|")
    .strip()
    .split("\n")
)
_KNOWN = frozenset().union(*(words for family in _FAMILIES for words in family))
_WEAK, _SINGULAR, _ANY = (
    frozenset(names.split())
    for names in (
        "age animal cell condition number patient place plant problem test time treatment sign finding cancer tumor "
        "tumour infection injury abnormality complication manifestation neoplasm therapy institution surgery operation "
        "lab laboratory examination measurement imaging dose strength frequency route duration form reason severity "
        "event device function process",
        "class diagnosis illness species virus",
        "entity name mention specific class category type label tag term word token ner medical or",
    )
)
"""Common words: a type only where nothing else can stand; words that end in `s` all the same; words for any type."""
_OR = re.compile(r"[/,&|]|\band\b", re.IGNORECASE)
_ADE = re.compile(
    r"\badverse[\W_]*(?:drug[\W_]*)?(?:event|effect|reaction)s?\b|\bside[\W_]*effects?\b|(?<![A-Za-z])(?:ADE|ADR|AE)s?\b",
    re.IGNORECASE,
)
_PARTS, _WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+"), re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def closeness(name: str, *, entity_type: str, others: frozenset[str] = frozenset()) -> Closeness:
    """Return how near a type's name, and nothing else, comes to the type that was asked for, beside others or alone."""
    words, asked = _words(name), _words(entity_type)
    if words == asked or _squeezed(name) == _squeezed(entity_type):
        return Closeness.SAME
    if words in map(_words, others):
        return Closeness.OTHER
    narrowed = [word for word in words if word not in _ANY or word in asked]
    if not narrowed:
        return Closeness.SYNONYM
    common = set(narrowed) & set(asked)
    if common and not set(asked) <= set(narrowed):
        return Closeness.SYNONYM if set(narrowed) <= set(asked) else Closeness.OTHER
    if common and not _modifies(words, asked):
        return Closeness.SAME
    telling = [word for word in narrowed if word in _KNOWN] or narrowed
    return max(_of_word(word, asked) for word in (narrowed[-1:] if common else telling))


def _of_word(word: str, asked: Sequence[str]) -> Closeness:
    groups = [(family, group) for family in _FAMILIES for group in family if word in group]
    if not groups:
        return Closeness.UNKNOWN
    for family, group in groups:
        if not group.isdisjoint(asked):
            return Closeness.SYNONYM
        if not frozenset().union(*family).isdisjoint(asked):
            return Closeness.RELATED
    return Closeness.OTHER


def _modifies(words: Sequence[str], asked: Sequence[str]) -> bool:
    """Say whether the asked type's last word is there only as part of another name: `drug event`."""
    return any(
        word == asked[-1] and after in _KNOWN and _of_word(after, asked) < Closeness.SYNONYM
        for word, after in pairwise(words)
    )


def counted(
    names: Iterable[str], *, entity_type: str, offered: str = "", others: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return those of all types that an answer names which mean the asked one.

    What is `offered` is the question: a type that it names beside the asked one is another one. Where others were asked
    for too, a type that is not known may be any of them.
    """
    levels = {name: closeness(name, entity_type=entity_type, others=others) for name in names}
    levels |= {name: Closeness.OTHER for name, level in levels.items() if level == 1 and stands_in(name, offered)}
    best = max(levels.values(), default=Closeness.OTHER)
    if best == Closeness.OTHER or (best == Closeness.UNKNOWN and (len(levels) > 1 or others)):
        return frozenset()
    return frozenset(name for name, level in levels.items() if level == best)


def stands_in(name: str, text: str) -> bool:
    """Say whether a text has the name of a type."""
    return bool(text and re.search(rf"(?<!\w){re.escape(name)}s?(?!\w)", text, re.IGNORECASE))


def is_type(name: str, *, entity_type: str, others: frozenset[str] = frozenset()) -> bool:
    """Say whether the words are a type's name and nothing else."""
    words, asked = set(_words(name)) - {"or"}, set(_words(entity_type))
    known = (_KNOWN - _WEAK) | asked | {word for other in others for word in _words(other)}
    return bool(words) and len(words) <= 3 and words - {"entity", "name", "mention", "specific", "class"} <= known


def is_asked(name: str, *, entity_type: str, others: frozenset[str] = frozenset()) -> bool:
    """Say whether a type may be the one that was asked for, if the answer names no other."""
    return closeness(name, entity_type=entity_type, others=others) > Closeness.OTHER


def names_type(text: str, *, entity_type: str, others: frozenset[str] = frozenset()) -> bool:
    """Say whether a heading has the type that was asked for in it."""
    words, asked = _words(text), _words(entity_type)
    if words != asked and words in map(_words, others):
        return False
    if set(words) & set(asked):
        return not _modifies(words, asked)
    families = [frozenset().union(*family) for family in _FAMILIES]
    return any(set(words) & (family - _WEAK) and family & set(asked) for family in families)


def names_other(text: str, *, entity_type: str, others: frozenset[str] = frozenset()) -> bool:
    """Say whether a heading is that of another type."""
    named = _words(text) in map(_words, others) or not (_KNOWN - _WEAK).isdisjoint(_words(text))
    return named and not names_type(text, entity_type=entity_type, others=others)


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """Return the words folded and in the singular."""
    if _squeezed(name) in _KNOWN:
        return (_squeezed(name),)
    name = _OR.sub(" or ", _ADE.sub(" ade ", name))
    parts = [part.casefold() for part in (_PARTS if name.isascii() else _WORDS).findall(name)]
    return tuple(part[:-1] if part[-1] == "s" and len(part) > 3 and part not in _SINGULAR else part for part in parts)


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
