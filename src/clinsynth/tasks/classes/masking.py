"""Texts with masked parts out of annotated ones: a sentence for each mention, or for each pair of mentions in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.text.sentences import sentence_places

Row = tuple[str, str, str]
"""Place, text and class."""


def masked_rows(texts: Sequence[AnnotatedText], *, path: Path, dataset: ClassesDataset) -> list[Row]:
    """Return a sentence for each mention or pair of the types `dataset.masked`, with markers in their place.

    The class of a pair is the type of its relation, that of a mention one of its attributes (its value, or its name);
    what has neither is negative, and left out where there is no negative class. It is printed how many relations are
    not learnt.
    """
    rows: list[Row] = []
    related, kept = 0, 0
    for text in texts:
        classes = _relations(text) if len(dataset.masked) > 1 else _attributes(text, dataset=dataset)
        for sentence, chosen in _places(text, dataset=dataset):
            said = classes.get(frozenset(mention.id for mention in chosen))
            kept += said is not None
            if label := said or dataset.negative:
                rows.append((text.place, _masked(text.text, sentence, chosen, markers=dataset.markers), label))
        related += len(classes)
    if kept < related:
        print(
            f"{path}: {related - kept} of {related} relations or attributes are not of two such mentions in a sentence."
        )
    return rows


def _relations(text: AnnotatedText) -> dict[frozenset[str], str]:
    """Return the type of the first relation of each pair, by the ids of its mentions, whatever its direction."""
    return {frozenset((link.head, link.tail)): link.type for link in reversed(text.links)}


def _attributes(text: AnnotatedText, *, dataset: ClassesDataset) -> dict[frozenset[str], str]:
    """Return the attribute of each mention that is a class, by its id."""
    known = {name.casefold() for name in dataset.classes}
    found = {}
    for mention in text.mentions:
        named = [said for item in mention.attributes.items() for said in reversed(item) if said.casefold() in known]
        if named and mention.type in dataset.masked:
            found[frozenset((mention.id,))] = named[0]
    return found


def _places(text: AnnotatedText, *, dataset: ClassesDataset) -> Iterator[tuple[tuple[int, int], tuple[Mention, ...]]]:
    """Yield each sentence with the mentions that are masked together in it, in the order of the markers."""
    whole = [(mention.start, mention.end) for mention in text.mentions]
    for begin, end in sentence_places(text.text, language=dataset.language, whole=whole):
        inside = [mention for mention in text.mentions if begin <= mention.start < end]
        for chosen in combinations(inside, len(dataset.masked)):
            if ordered := _in_order(chosen, types=dataset.masked):
                yield (begin, end), ordered


def _in_order(mentions: tuple[Mention, ...], *, types: Sequence[str]) -> tuple[Mention, ...]:
    """Return mentions in the order of types, of equal ones in that of the text; empty where they overlap or misfit."""
    if any(one.start < other.end and other.start < one.end for one, other in combinations(mentions, 2)):
        return ()
    orders = (mentions, mentions[::-1])
    return next((ordered for ordered in orders if [mention.type for mention in ordered] == list(types)), ())


def _masked(text: str, sentence: tuple[int, int], mentions: Sequence[Mention], *, markers: Sequence[str]) -> str:
    begin, end = sentence
    for mention, marker in sorted(zip(mentions, markers, strict=True), key=lambda pair: -pair[0].start):
        text, end = (
            text[: mention.start] + marker + text[mention.end :],
            end + len(marker) - mention.end + mention.start,
        )
    return text[begin:end]
