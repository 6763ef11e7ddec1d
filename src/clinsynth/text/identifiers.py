"""Looks for what may name a person in a text, by rules: a net with holes, for what is forgotten, and no anonymiser.

After the identifiers of HIPAA's safe harbor (45 CFR 164.514(b)(2)) that have a form: dates, telephone numbers, mail
and web addresses, social security and record numbers, names behind a title or a word such as "patient:".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_NAME = r"[A-Z][\w'’-]{1,40}(?:[ \t][A-Z][\w'’-]{1,40}){0,2}"

RULES = {
    "date": re.compile(
        rf"\b(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d{{2}})"
        rf"|{_MONTH}\.?[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ]\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?[ ]{_MONTH}\.?,?[ ]\d{{4}})\b",
        re.IGNORECASE,
    ),
    "social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "telephone number": re.compile(
        r"(?<![\w.+-])(?:\+\d{1,3}(?:[ .-]?\(?\d{2,5}\)?){2,5}|(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])"
    ),
    "mail address": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b"),
    "web address": re.compile(r"\b(?:https?://|www\.)[^\s<>\"]{3,200}", re.IGNORECASE),
    "record number": re.compile(
        r"\b(?:MRN|medical record(?: number| no\.?)?|record (?:number|no\.?)|patient (?:id|number|no\.?)"
        r"|case (?:number|no\.?)|insurance (?:number|no\.?)|account (?:number|no\.?))"
        r"[ \t]{0,3}[:#]?[ \t]{0,3}[A-Z]{0,3}-?\d{4,}\b",
        re.IGNORECASE,
    ),
    "name": re.compile(
        rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?[ \t]{_NAME}"
        rf"|\b(?:[Pp]atient|[Nn]ame|[Pp]hysician|[Aa]ttending)[ \t]?:[ \t]{{0,3}}{_NAME}"
    ),
}
"""By kind; each rule is bounded, so that a text is read in a time that grows with its length alone."""


@dataclass(frozen=True)
class Identifier:
    """A place of a text that may name a person."""

    kind: str
    start: int
    end: int


Finder = Callable[[str], Iterable[Identifier]]
"""Finds what may name a person in a text."""


def identifiers(text: str) -> Iterator[Identifier]:
    """Yield what the rules find; kinds overlap nowhere, the earlier rule wins."""
    return _apart(Identifier(kind, *found.span()) for kind, rule in RULES.items() for found in rule.finditer(text))


def with_rules(other: Finder) -> Finder:
    """Return what finds all that the rules do, and what another finder does beside them."""
    return lambda text: _apart(chain(identifiers(text), other(text)))


def _apart(found: Iterable[Identifier]) -> Iterator[Identifier]:
    """Yield those that overlap none before them."""
    taken: list[tuple[int, int]] = []
    for one in found:
        if all(one.end <= start or one.start >= end for start, end in taken):
            taken.append((one.start, one.end))
            yield one


def counted(found: Iterable[Identifier]) -> str:
    """Return how many of each kind there are, without what they say; empty where there are none."""
    kinds = Counter(one.kind for one in found)
    plural = {kind: f"{kind}es" if kind.endswith("s") else f"{kind}s" for kind in kinds}
    return ", ".join(f"{number} {kind if number == 1 else plural[kind]}" for kind, number in kinds.items())
