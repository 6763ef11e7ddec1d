"""Several annotations of the same texts as one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from clinsynth.files.annotated.texts import AnnotatedText


def joined(texts: Sequence[AnnotatedText], others: Sequence[AnnotatedText]) -> list[AnnotatedText]:
    """Return the texts that both hold, character for character, with what each of them says of it.

    They are in the order of `texts`, with its words; of texts that are alike the first goes with the first.
    """
    waiting: dict[str, deque[AnnotatedText]] = defaultdict(deque)
    for other in others:
        waiting[other.text].append(other)
    return [_one(text, waiting[text.text].popleft()) for text in texts if waiting[text.text]]


def _one(text: AnnotatedText, other: AnnotatedText) -> AnnotatedText:
    """Return a text with the mentions, relations and labels of both; ids that both have become new ones."""
    taken = {mention.id for mention in text.mentions} | {link.id for link in text.links}
    known = {(mention.start, mention.end, mention.type, mention.parts): mention.id for mention in text.mentions}
    ids = {"": ""}
    further = []
    for mention in other.mentions:
        place = (mention.start, mention.end, mention.type, mention.parts)
        ids.setdefault(mention.id, known.get(place) or _free(mention.id, taken))
        if place not in known:
            further.append(replace(mention, id=ids[mention.id]))
    links = [
        replace(link, id=_free(link.id, taken) if link.id else "", head=ids[link.head], tail=ids[link.tail])
        for link in other.links
    ]
    return replace(
        text,
        mentions=tuple(sorted([*text.mentions, *further], key=lambda mention: (mention.start, -mention.end))),
        links=(*text.links, *links),
        labels=tuple(dict.fromkeys((*text.labels, *other.labels))),
        words=text.words or other.words,
        further=other.further | text.further,
    )


def _free(id: str, taken: set[str]) -> str:
    """Return an id, or one of its kind that is not taken, which then is."""
    kind = id.rstrip("0123456789")
    number = 1
    while id in taken:
        id, number = f"{kind}{number}", number + 1
    taken.add(id)
    return id
