"""i2b2/n2c2 2010: texts (.txt), their concepts (.con) by lines and words, assertions (.ast), relations (.rel).

A word is what blanks part in its line: `c="renal failure" 12:3 12:4||t="problem"` are words 3 and 4, from 0, of line
12, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import lines_of, text_of, write_text
from clinsynth.files.annotated.losses import ATTRIBUTES, LINKS, MENTIONS, OVERLAPS, Losses, numbered, trimmed
from clinsynth.files.annotated.names import free_names
from clinsynth.files.annotated.offsets import covered
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

FOLDER = True
HOLDS = frozenset({MENTIONS, OVERLAPS, LINKS, ATTRIBUTES})

ASSERTION = "assertion"
"""The attribute of a mention that there is: present, absent, possible ..."""

_PLACE = r'c="(.*?)" (\d+):(\d+) (\d+):(\d+)'
_CONCEPT = re.compile(_PLACE + r'\|\|t="(.*?)"(?:\|\|a="(.*?)")?\s*')
_RELATION = re.compile(_PLACE + r'\|\|r="(.*?)"\|\|' + _PLACE + r"\s*")
_FOLDERS = ("txt", "concept", "ast", "rel")

Words = Sequence[Sequence[tuple[int, int]]]
"""Start and end of each word in the text, line by line."""


def recognises(path: Path, head: str) -> bool:
    return any(_concepts(path))


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return the texts of a folder and the folders in it, or that of one .con; a text stands beside it, or in txt/.

    Raises DataFormatError for a .con without its .txt, and with file and line for what is wrong.
    """
    return [_read_one(file, encoding=encoding) for file in _concepts(path)]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text whose mentions are of whole words, each with its assertion alone; words have a type once."""
    text = numbered(trimmed(text, lost=lost))
    places = [place for line in word_lines(text.text) for place in line]
    kept: dict[tuple[int, int, str], Mention] = {}
    first: dict[tuple[int, int], str] = {}
    whole = sorted((_whole(one, places, lost=lost) for one in text.mentions), key=lambda one: (one.start, one.end))
    for mention in whole:
        lost["mentions of the same words and type"] += (mention.start, mention.end, mention.type) in kept
        kept.setdefault((mention.start, mention.end, mention.type), mention)
        first.setdefault((mention.start, mention.end), mention.id)
    spans = {one.id: first[one.start, one.end] for one in whole}
    links = tuple(
        Link(re.sub(r'["|\r\n]', "_", link.type), spans[link.head], spans[link.tail], link.id) for link in text.links
    )
    return [replace(text, mentions=tuple(kept.values()), links=links)]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write the folders txt, concept, and ast and rel, as the shared task has them."""
    for folder in _FOLDERS:
        (path / folder).mkdir(parents=True, exist_ok=True)
    for name, text in zip(free_names(texts), texts, strict=True):
        write_text(path / "txt" / f"{name}.txt", text.text)
        for folder, suffix, lines in _files(numbered(text)):
            write_text(path / folder / f"{name}.{suffix}", "".join(f"{line}\n" for line in lines))


def word_lines(text: str) -> list[list[tuple[int, int]]]:
    """Return where the words of each line stand."""
    lines, offset = [], 0
    for line in text.split("\n"):
        lines.append([(offset + match.start(), offset + match.end()) for match in re.finditer(r"\S+", line)])
        offset += len(line) + 1
    return lines


def _whole(mention: Mention, places: Sequence[tuple[int, int]], *, lost: Losses) -> Mention:
    """Return a mention of the words that it has a part of, in signs that a line of i2b2's can hold."""
    start = max(start for start, _ in places if start <= mention.start)
    end = min(end for _, end in places if end >= mention.end)
    kept = {name: re.sub(r'["|\r\n]', "_", value) for name, value in mention.attributes.items() if name == ASSERTION}
    lost["mentions that grow to whole words (between blanks)"] += (start, end) != (mention.start, mention.end)
    lost["attributes of mentions but for their assertion"] += len(mention.attributes) - len(kept)
    return replace(mention, start=start, end=end, type=re.sub(r'["|\r\n]', "_", mention.type), attributes=kept)


def _concepts(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*.con")) if not file.name.startswith("."))
    elif path.suffix.lower() == ".con":
        yield path


def _beside(path: Path, folder: str, suffix: str) -> Path | None:
    """Return another file of the same text; its folder may be beside that of the concepts."""
    name = f"{path.stem}.{suffix}"
    places = (path.with_name(name), path.parent.parent / folder / name, path.parent / folder / name)
    return next((place for place in places if place.is_file()), None)


def _read_one(path: Path, *, encoding: str | None) -> AnnotatedText:
    beside = _beside(path, "txt", "txt")
    if beside is None:
        raise DataFormatError(
            f"{path} has no text: {path.stem}.txt is missing beside it and in {path.parent.parent / 'txt'}."
        )
    text = text_of(beside, encoding=encoding)
    words = word_lines(text)
    found: dict[tuple[int, int, str], Mention] = {}
    for file in (path, _beside(path, "ast", "ast")):
        for place, match in _matches(file, _CONCEPT, encoding=encoding) if file else ():
            start, end = _span(match.groups()[:5], text=text, words=words, place=place)
            attributes = {ASSERTION: match[7]} if match[7] else {}
            own = found.get((start, end, match[6]), Mention(start, end, match[6], f"T{len(found) + 1}"))
            found[start, end, match[6]] = replace(own, attributes=own.attributes | attributes)
    ids = {(start, end): mention.id for (start, end, _), mention in reversed(found.items())}
    links = []
    relations = _beside(path, "rel", "rel")
    for place, match in _matches(relations, _RELATION, encoding=encoding) if relations else ():
        ends = [_span(match.groups()[at : at + 5], text=text, words=words, place=place) for at in (0, 6)]
        names = [_named(end, ids, text=text, place=place) for end in ends]
        links.append(Link(match[6], *names))
    mentions = tuple(sorted(found.values(), key=lambda mention: (mention.start, mention.end)))
    return AnnotatedText(text, path.stem, mentions, tuple(links), place=str(path))


def _matches(path: Path, pattern: re.Pattern[str], *, encoding: str | None) -> Iterator[tuple[str, re.Match[str]]]:
    for number, line in enumerate(lines_of(path, encoding=encoding), 1):
        if not line.strip():
            continue
        match = pattern.fullmatch(line)
        if match is None:
            raise DataFormatError(
                f'{path}:{number}: {line[:80]!r} is no line of i2b2\'s, such as c="gout" 12:3 12:3||t="problem", or '
                'c="aspirin" 12:1 12:1||r="TrAP"||c="gout" 12:3 12:3.'
            )
        yield f"{path}:{number}", match


def _span(given: Sequence[str], *, text: str, words: Words, place: str) -> tuple[int, int]:
    """Return start and end in the text; raises DataFormatError where the words are others, or are not there."""
    written, *numbers = given
    line, word, last_line, last_word = map(int, numbers)
    try:
        if min(line, last_line) < 1:
            raise IndexError
        start, end = words[line - 1][word][0], words[last_line - 1][last_word][1]
    except IndexError:
        raise DataFormatError(
            f"{place}: words {line}:{word} to {last_line}:{last_word} lie beyond the text, which has {len(words)} "
            "lines; lines count from 1, and their words from 0."
        ) from None
    if covered(text, [(start, end)]).casefold() != " ".join(written.split()).casefold():
        raise DataFormatError(f"{place}: the text says {text[start:end][:60]!r} there, and not {written[:60]!r}.")
    return start, end


def _named(span: tuple[int, int], ids: Mapping[tuple[int, int], str], *, text: str, place: str) -> str:
    if span not in ids:
        raise DataFormatError(f"{place}: the relation names {text[slice(*span)]!r}, which is no concept of the .con.")
    return ids[span]


def _files(text: AnnotatedText) -> Iterator[tuple[str, str, list[str]]]:
    """Yield folder, suffix and lines of each file beside the text."""
    words = word_lines(text.text)
    starts = {start: (line, at) for line, row in enumerate(words, 1) for at, (start, _) in enumerate(row)}
    ends = {end: (line, at) for line, row in enumerate(words, 1) for at, (_, end) in enumerate(row)}
    written = {}
    for mention in text.mentions:
        (line, word), (last_line, last_word) = starts[mention.start], ends[mention.end]
        said = covered(text.text, [(mention.start, mention.end)]).casefold()
        written[mention.id] = f'c="{said}" {line}:{word} {last_line}:{last_word}'
    yield "concept", "con", [f'{written[found.id]}||t="{found.type}"' for found in text.mentions]
    asserted = [found for found in text.mentions if ASSERTION in found.attributes]
    yield (
        "ast",
        "ast",
        [f'{written[found.id]}||t="{found.type}"||a="{found.attributes[ASSERTION]}"' for found in asserted],
    )
    yield "rel", "rel", [f'{written[link.head]}||r="{link.type}"||{written[link.tail]}' for link in text.links]
