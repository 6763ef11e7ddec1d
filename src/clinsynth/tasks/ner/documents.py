"""Sentences of annotated texts: documents are cut, words are parted where mentions begin and end, offsets are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.tasks.ner.config import IGNORE, WINDOWS, NerDataset
from clinsynth.text.entities import Origin, Sentence, Span
from clinsynth.text.printable import printable
from clinsynth.text.sentences import sentence_places, stripped
from clinsynth.text.words import as_read, word_places

Place = tuple[int, int]

_OTHER_TYPE = "are of other types, and are left out (dataset.other_types=ignore)"
_IN_PARTS = "are in several parts, and are read from their first word to their last"
_NESTED = "lie in or across another one: backbone.head=token learns the longest alone, backbone.head=span all of them"


def read_documents(texts: Sequence[AnnotatedText], *, path: Path, dataset: NerDataset) -> list[Sentence]:
    """Return the sentences of texts; it is printed how many mentions are not learnt as they stand.

    Raises DataFormatError for a type that is not declared, for a mention without a word, and for mentions that overlap
    where the dataset refuses them.
    """
    notes: Counter[str] = Counter()
    found: list[Sentence] = []
    for text, name in zip(texts, _names(texts), strict=True):
        mentions = _wanted(text, dataset=dataset, notes=notes)
        found += _as_columns(text, mentions) if _is_of_words(text) else _cut(text, mentions, name=name, dataset=dataset)
    notes[_NESTED] = sum(len(sentence.spans) - len(sentence.outermost) for sentence in found)
    mentions_in_all = sum(len(text.mentions) for text in texts)
    for said, number in notes.items():
        if number:
            print(printable(f"{path}: {number} of {mentions_in_all} mentions {said}."))
    return found


def _names(texts: Sequence[AnnotatedText]) -> Iterator[str]:
    """Yield a name for each text that no other has: its id, or its number."""
    taken: set[str] = set()
    for number, text in enumerate(texts, 1):
        name = text.id if text.id and text.id not in taken else f"{text.id}#{number}"
        taken.add(name)
        yield name


def _wanted(text: AnnotatedText, *, dataset: NerDataset, notes: Counter[str]) -> list[Mention]:
    """Return the mentions of declared types, without the blanks at their ends."""
    found = []
    for mention in text.mentions:
        if mention.type in dataset.types:
            notes[_IN_PARTS] += len(mention.parts) > 1
            found.append(_trimmed(text, mention))
        elif dataset.other_types == IGNORE:
            notes[_OTHER_TYPE] += 1
        else:
            raise DataFormatError(f"{text.place}: {undeclared(mention.type, dataset=dataset)}")
    if dataset.overlapping == "error":
        _refuse_overlaps(text, found)
    return found


def undeclared(name: str, *, dataset: NerDataset) -> str:
    """Return what is wrong with a type that a dataset does not declare, and what mends it."""
    declared = ", ".join(dataset.types)
    mapping = ", ".join(f"{known}: {{}}" for known in (*dataset.types, name))
    return (
        f"the entity type {name!r} is not declared: {dataset.name} declares {declared}. Declare it in its YAML "
        f"(entity_types: {{{mapping}}}), or leave out what is of other types with dataset.other_types=ignore."
    )


def _trimmed(text: AnnotatedText, mention: Mention) -> Mention:
    start, end = stripped(text.text, mention.start, mention.end)
    if not as_read(text.text[start:end]) or not any(True for _ in word_places(text.text[start:end])):
        raise DataFormatError(
            f"{text.place}: the mention from {mention.start} to {mention.end} ({mention.type}) covers no word. Take it "
            "out, or correct its offsets."
        )
    return Mention(start, end, mention.type)


def _refuse_overlaps(text: AnnotatedText, mentions: Iterable[Mention]) -> None:
    ordered = sorted(mentions, key=lambda mention: (mention.start, -mention.end))
    for first, other in pairwise(ordered):
        if other.start < first.end:
            raise DataFormatError(
                f"{text.place}: the mentions from {first.start} to {first.end} ({first.type}) and from {other.start} "
                f"to {other.end} ({other.type}) overlap. Take one out; or set dataset.overlapping=keep, with which "
                "backbone.head=span learns both, and backbone.head=token the longer one."
            )


def _is_of_words(text: AnnotatedText) -> bool:
    """Say whether a text is but its words with blanks between them, as of columns."""
    return bool(text.words) and text.text == " ".join(text.text[start:end] for start, end in text.words)


def _as_columns(text: AnnotatedText, mentions: Sequence[Mention]) -> list[Sentence]:
    tokens = tuple(text.text[start:end] for start, end in text.words)
    return [Sentence(tokens, _spans(mentions, places=text.words))]


def _cut(text: AnnotatedText, mentions: Sequence[Mention], *, name: str, dataset: NerDataset) -> list[Sentence]:
    if dataset.documents == WINDOWS:
        parts = [stripped(text.text, 0, len(text.text))]
    else:
        whole = [(mention.start, mention.end) for mention in mentions]
        parts = sentence_places(text.text, language=dataset.language, whole=whole)
    found = (_sentence(text, part, mentions, name=name) for part in parts)
    return [sentence for sentence in found if sentence.tokens]


def _sentence(text: AnnotatedText, part: Place, mentions: Sequence[Mention], *, name: str) -> Sentence:
    """Return a part of a text, with the mentions that lie in it."""
    begin, stop = part
    own = text.text[begin:stop]
    inside = [
        Mention(mention.start - begin, mention.end - begin, mention.type)
        for mention in mentions
        if begin <= mention.start < stop
    ]
    edges = sorted({edge for mention in inside for edge in (mention.start, mention.end)})
    places = [(start, end) for start, end in _parted(own, edges=edges) if as_read(own[start:end])]
    tokens = tuple(as_read(own[start:end]) for start, end in places)
    return Sentence(tokens, _spans(inside, places=places), Origin(name, begin, own, tuple(places)))


def _parted(text: str, *, edges: Sequence[int]) -> Iterator[Place]:
    """Yield the places of words; one is parted where a mention begins or ends inside it."""
    for start, end in word_places(text):
        yield from pairwise([start, *(edge for edge in edges if start < edge < end), end])


def _spans(mentions: Iterable[Mention], *, places: Sequence[Place]) -> tuple[Span, ...]:
    """Return the words of each mention: those that it touches."""
    spans = set()
    for mention in mentions:
        touched = [number for number, (start, end) in enumerate(places) if start < mention.end and mention.start < end]
        spans.add(Span(touched[0], touched[-1] + 1, mention.type))
    return tuple(sorted(spans))
