"""Places the mentions that an LLM lists for a sentence, each as the type that stands with it: `aspirin (Treatment)`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from clinsynth.tasks.ner.annotators import NONE
from clinsynth.tasks.ner.mention_lists import SentenceNames, place_listed
from clinsynth.text.alignment import places_in_order
from clinsynth.text.entities import Span

ABSENT, UNREADABLE = "mention_not_in_sentence", "labels_unreadable"
UNTYPED, UNKNOWN = "mention_without_type", "mention_of_unknown_type"
"""Why a sentence is rejected."""

Refused = tuple[str, str]
"""The reason, and the mention."""
Placed = tuple[tuple[Span, ...] | None, Refused]
"""The entities of a sentence; `None` where it is rejected."""

_BRACKET = re.compile(r"(?P<name>.*\S)\s*[(\[{]\s*(?P<type>[^()\[\]{}]+?)\s*[)\]}][.,;]?\s*")
_BEHIND = re.compile(r"(?P<name>.*\S)\s*(?:\s[-–—]+\s|:\s|\s=|[-=]>|→|\t|\s/\s|,\s)\s*(?P<type>[^,:→>]+?)[.;]?\s*")
_ELEMENT = re.compile(r"<(?P<type>[\w-]+)[^<>]*>(?P<name>.+?)</(?P=type)>")
_CLOSED = re.compile(r"(?<=[)\]}])\s*[,;]\s*")


@lru_cache(maxsize=64)
def known_types(nouns: frozenset[tuple[str, str]]) -> dict[str, str]:
    """Return the types by all that they may be called, case folded; `nouns` are pairs of a type and its noun."""
    found: dict[str, str] = {}
    for name, noun in sorted(nouns):
        for word in (noun, name):
            found |= {word.casefold(): name, f"{word.casefold()}s": name}
    return found


def place_mentions(parts: Sequence[str] | None, *, tokens: Sequence[str], nouns: Mapping[str, str]) -> Placed:
    """Return the entities of a sentence out of what is listed for it, or why it is rejected.

    `nouns` are the types and how prompts call them. Where there is but one, no mention has to say it.
    """
    if parts is None:
        return None, (UNREADABLE, "")
    if len(nouns) == 1:
        ((name, noun),) = nouns.items()
        places, absent = place_listed(parts, tokens=tokens, types={name, noun})
        spans = None if places is None else tuple(Span(start, end, name) for start, end in places)
        return spans, (ABSENT if absent else UNREADABLE, absent)
    reader = SentenceNames(tokens, nouns)
    found: list[tuple[str, str]] = []
    for name, kind in _typed(parts, known=known_types(frozenset(nouns.items()))):
        names = reader.read([name])
        if names is None:
            return None, (UNREADABLE, "")
        if kind not in nouns and names:
            untyped = not kind or reader.places(f"{name} ({kind})")
            return None, (UNTYPED, name) if untyped else (UNKNOWN, f"{name} ({kind})")
        found += [(one, kind) for one in names]
    return _placed(found, reader=reader, tokens=tokens)


def _placed(found: Sequence[tuple[str, str]], *, reader: SentenceNames, tokens: Sequence[str]) -> Placed:
    """Return where mentions stand; one within a longer one has the place of that."""
    places = places_in_order([name for name, _ in found], tokens=tokens, by_words=True)
    taken = [place for place in places if place]
    for (name, _), place in zip(found, places, strict=True):
        if place is None and not any(a <= start and end <= z for start, end in reader.places(name) for a, z in taken):
            return None, (ABSENT, name)
    spans = [Span(*place, kind) for (_, kind), place in zip(found, places, strict=True) if place]
    return tuple(sorted(spans)), (UNREADABLE, "")


def _typed(parts: Iterable[str], *, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the mentions of a list with their types: declared ones by name, others as written, or empty.

    A type at the head of a list holds for all that follows: `Problem: pain | cough`.
    """
    headed = rf"\W*({'|'.join(map(re.escape, sorted(known, key=len, reverse=True)))})\W*?[:=]\s*"
    head = ""
    for part in parts:
        for piece in _pieces(part.strip(), headed=headed):
            opened = re.match(headed, piece, re.I)
            head = known[opened[1].casefold()] if opened else head
            rest = piece[opened.end() :] if opened else piece
            marked = [(found["name"], found["type"]) for found in _ELEMENT.finditer(rest)]
            for name, kind in marked or [_parted(rest, known=known)]:
                if name.strip("()[].* ").casefold() not in NONE:
                    yield name, known.get(kind.casefold(), kind) or head


def _pieces(part: str, *, headed: str) -> list[str]:
    """Return a part cut where another type heads a list, and behind each bracket where all that is listed has one."""
    closed = _CLOSED.split(part)
    if len(closed) > 1 and all(map(_BRACKET.fullmatch, closed)):
        return closed
    return [piece for piece in re.split(rf"[;.]\s+(?={headed.replace('(', '(?:', 1)})", part, flags=re.I) if piece]


def _parted(text: str, *, known: Mapping[str, str]) -> tuple[str, str]:
    """Return a mention and what stands with it as its type; in a bracket it may be any."""
    bracket, behind = _BRACKET.fullmatch(text), _BEHIND.fullmatch(text)
    for found in (bracket, behind):
        if found and found["type"].strip("*_ ").casefold() in known:
            return found["name"], found["type"].strip("*_ ")
    return (bracket["name"], bracket["type"]) if bracket else (text, "")
