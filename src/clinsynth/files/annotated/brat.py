"""BRAT's standoff: a folder of texts (.txt), each with its annotations (.ann). https://brat.nlplab.org/standoff.html

Offsets count the characters of the .txt with its line ends as they stand. Tools that count `\\r\\n` as one, or units of
UTF-16, are found out by the words that each line of an .ann repeats.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import lines_of, text_of, write_text
from clinsynth.files.annotated.losses import (
    ATTRIBUTES,
    LINKS,
    MENTIONS,
    OVERLAPS,
    PARTS,
    Losses,
    numbered,
    without_blanks,
)
from clinsynth.files.annotated.names import free_names
from clinsynth.files.annotated.offsets import Mark, Parts, covered, located
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

FOLDER = True
HOLDS = frozenset({MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS})

CONFIG = "annotation.conf"

_MENTION = re.compile(r"(T\S*)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?")
_LINK = re.compile(r"(R\S*)\t(\S+) \S+:(\S+) \S+:(\S+)\s*")
_ATTRIBUTE = re.compile(r"[AM]\S*\t(\S+) (\S+)(?: (\S.*?))?\s*")
_CONCEPT = re.compile(r"N\S*\t(\S+) (\S+) (\S+)(?:\t.*)?")
_OTHERS = {"E": "events", "*": "equivalences", "#": "notes"}
_CONCEPT_VALUE = re.compile(r"[^\s:]+:\S+")
_FLAG = "true"
"""The value of an attribute that is there or is not."""


@dataclass
class _Lines:
    """The lines of an .ann, as they are read one after another."""

    mentions: dict[str, tuple[str, Mark]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)


def recognises(path: Path, head: str) -> bool:
    return any(_annotations(path))


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return the texts of a folder and the folders in it, or that of one .ann.

    Raises DataFormatError for an .ann without its .txt, and with file and line for what is not understood.
    """
    files = list(_annotations(path))
    below = path if path.is_dir() else path.parent
    others: Counter[str] = Counter()
    texts = [_read_one(file, below=below, encoding=encoding, others=others) for file in files]
    others["texts (.txt) without an .ann: nobody has annotated them"] = _alone(path)
    unread = [f"{number:,} {what}" for what, number in others.items() if number]
    if unread:
        print(f"{path}: left out are {', '.join(unread)}.")
    return texts


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text whose types and attributes have no blanks."""
    text = without_blanks(text, lost=lost)
    mentions = []
    for mention in text.mentions:
        kept = {
            name: value for name, value in mention.attributes.items() if value and not re.search(r"\s", name + value)
        }
        lost["attributes of mentions that are empty or have blanks"] += len(mention.attributes) - len(kept)
        mentions.append(replace(mention, attributes=kept))
    return [replace(text, mentions=tuple(mentions))]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write a folder with a .txt and an .ann for each text, and brat's own list of the types."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in zip(free_names(texts), texts, strict=True):
        write_text(path / f"{name}.txt", text.text)
        lines = "".join(f"{line}\n" for line in _lines(numbered(text)))
        write_text(path / f"{name}.ann", lines)
    write_text(path / CONFIG, _config(texts))


def _annotations(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*.ann")) if not file.name.startswith("."))
    elif path.suffix.lower() == ".ann":
        yield path


def _alone(path: Path) -> int:
    return sum(not file.with_suffix(".ann").exists() for file in path.rglob("*.txt")) if path.is_dir() else 0


def _read_one(path: Path, *, below: Path, encoding: str | None, others: Counter[str]) -> AnnotatedText:
    beside = path.with_suffix(".txt")
    if not beside.is_file():
        raise DataFormatError(
            f"{path} has no text beside it: {beside.name} is missing in {beside.parent}. BRAT keeps each text as .txt "
            "and its annotations as .ann, under one name."
        )
    text = text_of(beside, encoding=encoding)
    found = _Lines()
    for number, line in enumerate(lines_of(path, encoding=encoding), 1):
        if line.strip():
            _add(line, found, place=f"{path}:{number}")
    others.update(found.others)
    parts = located(text, [mark for _, mark in found.mentions.values()])
    mentions = [
        _mention(name, kind, own, attributes=found.attributes.get(name, {}))
        for (name, (kind, _)), own in zip(found.mentions.items(), parts, strict=True)
    ]
    mentions.sort(key=lambda mention: (mention.start, mention.end))
    name = beside.relative_to(below).with_suffix("").as_posix()
    return AnnotatedText(text, name, tuple(mentions), tuple(found.links), place=str(path))


def _add(line: str, found: _Lines, *, place: str) -> None:
    """Add a line of an .ann to what was found."""
    if match := _MENTION.fullmatch(line):
        name, kind, offsets, written = match.groups()
        parts = tuple((int(start), int(end)) for start, end in (pair.split() for pair in offsets.split(";")))
        found.mentions[name] = (kind, Mark(parts, written, place))
    elif match := _LINK.fullmatch(line):
        name, kind, head, tail = match.groups()
        if head[0] == tail[0] == "T":
            found.links.append(Link(kind, head, tail, name))
        else:
            found.others["relations of events"] += 1
    elif match := _ATTRIBUTE.fullmatch(line):
        name, of, value = match.groups()
        found.attributes.setdefault(of, {})[name] = value or _FLAG
    elif match := _CONCEPT.fullmatch(line):
        name, of, value = match.groups()
        found.attributes.setdefault(of, {})[name] = value
    elif line[0] in _OTHERS:
        found.others[_OTHERS[line[0]]] += 1
    else:
        raise DataFormatError(
            f"{place}: {line[:80]!r} is no line of BRAT's, such as `T1<TAB>Disease 5 9<TAB>gout`, "
            "`R1<TAB>Treats Arg1:T2 Arg2:T1` or `A1<TAB>Negated T1`."
        )


def _mention(name: str, kind: str, parts: Parts, *, attributes: dict[str, str]) -> Mention:
    ordered = tuple(sorted(parts))
    several = ordered if len(ordered) > 1 else ()
    return Mention(ordered[0][0], ordered[-1][1], kind, name, several, attributes)


def _lines(text: AnnotatedText) -> Iterator[str]:
    """Yield the lines of an .ann; ids are those of mentions, renumbered where they are none of BRAT's."""
    own = all(re.fullmatch(r"T\d+", mention.id) for mention in text.mentions)
    ids = {mention.id: mention.id if own else f"T{number}" for number, mention in enumerate(text.mentions, 1)}
    notes = count(1)
    for mention in text.mentions:
        parts = mention.parts or ((mention.start, mention.end),)
        offsets = ";".join(f"{start} {end}" for start, end in parts)
        yield f"{ids[mention.id]}\t{mention.type} {offsets}\t{covered(text.text, parts)}"
        for name, value in mention.attributes.items():
            if _CONCEPT_VALUE.fullmatch(value):
                yield f"N{next(notes)}\t{name} {ids[mention.id]} {value}\t"
            else:
                yield f"A{next(notes)}\t{name} {ids[mention.id]}" + ("" if value == _FLAG else f" {value}")
    for number, link in enumerate(text.links, 1):
        yield f"R{number}\t{link.type} Arg1:{ids[link.head]} Arg2:{ids[link.tail]}\t"


def _config(texts: Sequence[AnnotatedText]) -> str:
    """Return what brat has to know of the types in order to show them."""
    entities = sorted({mention.type for text in texts for mention in text.mentions})
    links = sorted({link.type for text in texts for link in text.links})
    attributes = sorted({name for text in texts for mention in text.mentions for name in mention.attributes})
    sections = {
        "entities": entities,
        "relations": [f"{name}\tArg1:<ENTITY>, Arg2:<ENTITY>" for name in links],
        "events": [],
        "attributes": [f"{name}\tArg:<ENTITY>" for name in attributes],
    }
    return "".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) + "\n" for name, lines in sections.items())
