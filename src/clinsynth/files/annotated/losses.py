"""What a format cannot hold of texts: taken off before they are written, and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from clinsynth.files.annotated.overlaps import outermost
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS, LABELS, FURTHER = (
    "mentions",
    "overlapping mentions (the outermost stays)",
    "mentions in several parts (written as one, from the first to the last)",
    "attributes of mentions",
    "relations",
    "labels of whole texts",
    "other columns",
)
"""What a format may hold of a text, as it is said where it does not."""

EVERYTHING = frozenset({MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS, LABELS, FURTHER})

Losses = Counter[str]
"""How many of what were lost."""


def fitted(text: AnnotatedText, *, holds: frozenset[str], lost: Losses) -> AnnotatedText:
    """Return a text with what a format holds of it; adds to `lost` what that leaves out."""
    mentions: list[Mention] = []
    if MENTIONS in holds:
        mentions = [_plain(mention, holds=holds, lost=lost) for mention in text.mentions]
    else:
        lost[MENTIONS] += len(text.mentions)
    if OVERLAPS not in holds:
        kept = outermost(mentions)
        lost[OVERLAPS] += len(mentions) - len(kept)
        mentions = kept
    ids = {mention.id for mention in mentions}
    links = [link for link in text.links if LINKS in holds and {link.head, link.tail} <= ids]
    lost[LINKS] += len(text.links) - len(links)
    for name, found in ((LABELS, text.labels), (FURTHER, text.further)):
        lost[name] += 0 if name in holds else len(found)
    return replace(
        text,
        mentions=tuple(mentions),
        links=tuple(links),
        labels=text.labels if LABELS in holds else (),
        further=text.further if FURTHER in holds else {},
    )


def trimmed(text: AnnotatedText, *, lost: Losses) -> AnnotatedText:
    """Return a text whose mentions begin and end with a visible character."""
    mentions = []
    for mention in text.mentions:
        said = text.text[mention.start : mention.end]
        start = mention.start + len(said) - len(said.lstrip())
        lost["mentions of blanks alone"] += not said.strip()
        lost["mentions that begin or end with a blank (left off)"] += bool(said.strip()) and said != said.strip()
        if said.strip():
            mentions.append(replace(mention, start=start, end=start + len(said.strip())))
    ids = {mention.id for mention in mentions}
    links = tuple(link for link in text.links if {link.head, link.tail} <= ids)
    lost[LINKS] += len(text.links) - len(links)
    return replace(text, mentions=tuple(mentions), links=links)


def without_blanks(text: AnnotatedText, *, lost: Losses) -> AnnotatedText:
    """Return a text whose types of mentions and relations are one word each."""

    def one_word(kind: str) -> str:
        plain = re.sub(r"\s+", "_", kind)
        lost["types whose blanks become underscores"] += plain != kind
        return plain

    mentions = tuple(replace(mention, type=one_word(mention.type)) for mention in text.mentions)
    links = tuple(replace(link, type=one_word(link.type)) for link in text.links)
    return replace(text, mentions=mentions, links=links)


def numbered(text: AnnotatedText, *, letter: str = "T") -> AnnotatedText:
    """Return a text whose mentions all have ids, one each: their own, or a letter with a number."""
    taken: set[str] = set()
    renamed: dict[str, str] = {}
    mentions = []
    for number, mention in enumerate(text.mentions, 1):
        own = mention.id if mention.id and mention.id not in taken else _free(letter, number, taken=taken)
        taken.add(own)
        renamed.setdefault(mention.id, own)
        mentions.append(replace(mention, id=own))
    links = tuple(Link(link.type, renamed[link.head], renamed[link.tail], link.id) for link in text.links)
    return replace(text, mentions=tuple(mentions), links=links)


def said(lost: Losses) -> Sequence[str]:
    """Return what was lost, a line each."""
    return [f"{number:,} {what}" for what, number in lost.items() if number]


def _free(letter: str, number: int, *, taken: set[str]) -> str:
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def _plain(mention: Mention, *, holds: frozenset[str], lost: Losses) -> Mention:
    """Return a mention without the parts and attributes that are not held."""
    if mention.parts and PARTS not in holds:
        lost[PARTS] += 1
        mention = replace(mention, parts=())
    if mention.attributes and ATTRIBUTES not in holds:
        lost[ATTRIBUTES] += len(mention.attributes)
        mention = replace(mention, attributes={})
    return mention


def unchanged(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return the text as it is: what a format does that changes nothing but for what it does not hold."""
    return [text]
