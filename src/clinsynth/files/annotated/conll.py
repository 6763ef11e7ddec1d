"""Columns: a word a line with its tag, a blank line between sentences, as in CoNLL-2003."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import lines_of, write_text
from clinsynth.files.annotated.losses import MENTIONS, Losses, trimmed, without_blanks
from clinsynth.files.annotated.tags import TAG, check_scheme, iob2, spans_of
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.files.annotated.words import joined, word_places

FOLDER = False
HOLDS = frozenset({MENTIONS})

_DOCUMENT = "-DOCSTART-"
"""The word by which a document begins; it is none of its words."""

_MOST = 50
"""Lines by which a file is known."""


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


@dataclass(frozen=True)
class _Sentence:
    lines: list[_Line]
    document: int
    """From 1; 0 before the first that is marked as one."""


def recognises(path: Path, head: str) -> bool:
    """Say whether most of the first lines have a word and a tag, in whichever columns."""
    if not path.is_file():
        return False
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    rows = [_cells(line, tabbed="\t" in line) for line in lines if _is_row(line)][:_MOST]
    tagged = sum(any(TAG.fullmatch(cell) for cell in row[1:]) for row in rows)
    return 2 * tagged > len(rows)


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text for each sentence, its words with blanks between them.

    The word is in the first column, the tag in the last that has tags alone, unless `columns` names others (`word`,
    `tag`) by numbers from 1. Raises DataFormatError with file and line.
    """
    sentences = list(_sentences(lines_of(path, encoding=encoding), path=path))
    if not sentences:
        return []
    word, tag = _chosen(sentences, columns=columns, path=path)
    tags = [[line.cells[tag] for line in found.lines] for found in sentences]
    check_scheme(tags, place=lambda sentence, at: f"{path}:{sentences[sentence].lines[at].number}")
    return [
        _text(found, own, word=word, number=number, path=path)
        for number, (found, own) in enumerate(zip(sentences, tags, strict=True), 1)
    ]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return the sentences of a text as they are read again: a line each, words with single blanks between them."""
    text = without_blanks(trimmed(text, lost=lost), lost=lost)
    sentences = list(_by_line(text))
    again = [_respaced(text, places) for places in sentences]
    if " ".join(found.text for found in again) != text.text:
        lost["texts whose blanks and line ends become single blanks, and a line a sentence"] += 1
    lost["texts without a word"] += not sentences
    return again


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write two columns, word and tag in IOB2."""
    lines = []
    for text in texts:
        starts = {start: number for number, (start, _) in enumerate(text.words)}
        ends = {end: number for number, (_, end) in enumerate(text.words, 1)}
        spans = [(starts[found.start], ends[found.end], found.type) for found in text.mentions]
        tags = iob2(spans, length=len(text.words))
        lines += [f"{text.text[start:end]}\t{tag}\n" for (start, end), tag in zip(text.words, tags, strict=True)]
        lines.append("\n")
    write_text(path, "".join(lines))


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("# ") and _first(line) != _DOCUMENT


def _first(line: str) -> str:
    return re.split(r"\s", line, maxsplit=1)[0]


def _cells(line: str, *, tabbed: bool) -> list[str]:
    """Return the cells of a line; empty ones at its end are none."""
    if not tabbed:
        return line.split()
    first, *others = line.rstrip().split("\t")
    return [first, *map(str.strip, others)]


def _sentences(lines: Sequence[str], *, path: Path) -> Iterator[_Sentence]:
    """Yield the rows of each sentence; a comment is a line that begins one with a number sign and has no tag."""
    tabbed: bool | None = None
    rows: list[_Line] = []
    document = 0
    for number, line in enumerate([*lines, ""], 1):
        starts = line.startswith(_DOCUMENT) and _first(line) == _DOCUMENT
        if starts or not line.strip():
            if rows:
                yield _Sentence(rows, document)
                rows = []
            document += starts
            continue
        if not rows and line.startswith("#") and not TAG.fullmatch(_cells(line, tabbed="\t" in line)[-1]):
            continue
        tabbed = "\t" in line if tabbed is None else tabbed
        rows.append(_Line(number, _cells(line, tabbed=tabbed)))
        if len(rows[-1].cells) < 2 or not rows[-1].cells[0].strip():
            raise DataFormatError(
                f"{path}:{number}: {line[:80]!r} has {len(rows[-1].cells)} column(s), or no word, where a word and "
                f"its tag are needed, with {'tabs' if tabbed else 'blanks'} between them, and a blank line between "
                "sentences."
            )


def _chosen(sentences: Sequence[_Sentence], *, columns: Mapping[str, str], path: Path) -> tuple[int, int]:
    """Return the columns of words and tags, from 0; raises DataFormatError where a line lacks one."""
    lines = list(chain.from_iterable(found.lines for found in sentences))
    usual = len(lines[0].cells)
    word = _number("word", columns.get("word", "1"), path=path)
    if "tag" in columns:
        tag = _number("tag", columns["tag"], path=path)
    else:
        counts = [_tagged(line.cells[place] for line in lines if len(line.cells) > place) for place in range(1, usual)]
        tag = max(range(1, usual), key=lambda place: (counts[place - 1], place))
    short = next((line for line in lines if len(line.cells) <= max(word, tag)), None)
    if short is not None:
        raise DataFormatError(
            f"{path}:{short.number}: {len(short.cells)} column(s), where the word is in column {word + 1} and the tag "
            f"in column {tag + 1}; columns={{word: 1, tag: 4}} names others."
        )
    return word, tag


def _tagged(column: Iterable[str]) -> int:
    """Return how many cells are tags."""
    return sum(number for cell, number in Counter(column).items() if TAG.fullmatch(cell))


def _number(role: str, given: str, *, path: Path) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise DataFormatError(f"{path} has columns, which are named by numbers from 1: columns.{role}={given} is none.")
    return int(given) - 1


def _text(sentence: _Sentence, tags: Sequence[str], *, word: int, number: int, path: Path) -> AnnotatedText:
    text, places = joined([line.cells[word] for line in sentence.lines])
    mentions = tuple(Mention(places[start][0], places[end - 1][1], kind) for start, end, kind in spans_of(tags))
    name = f"{sentence.document}-{number}" if sentence.document else ""
    return AnnotatedText(text, name, mentions, words=places, place=f"{path}:{sentence.lines[0].number}")


def _by_line(text: AnnotatedText) -> Iterator[list[tuple[int, int]]]:
    """Yield the words of each line; a mention keeps its lines together."""
    sentence: list[tuple[int, int]] = []
    for start, end in word_places(text):
        if sentence and "\n" in text.text[sentence[-1][1] : start]:
            before = sentence[-1][1]
            if not any(found.start < before and start < found.end for found in text.mentions):
                yield sentence
                sentence = []
        sentence.append((start, end))
    if sentence:
        yield sentence


def _respaced(text: AnnotatedText, places: Sequence[tuple[int, int]]) -> AnnotatedText:
    spaced, words = joined([text.text[start:end] for start, end in places])
    begins = {start: new for (start, _), (new, _) in zip(places, words, strict=True)}
    ends = {end: new for (_, end), (_, new) in zip(places, words, strict=True)}
    mentions = tuple(
        replace(found, start=begins[found.start], end=ends[found.end])
        for found in text.mentions
        if found.start in begins and found.end in ends
    )
    return replace(text, text=spaced, mentions=mentions, words=words, id="")
