"""Terms of an ontology or thesaurus as it is downloaded: OBO, MeSH in ASCII, tables with broader terms (SKOS).

Concepts come spread over the tree, so that the first ones, however many are taken, are of all its branches.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.utf8 import decode_lines

_NAMES = ("preflabel", "skos:preflabel", "label", "name", "term", "concept")
_SYNONYMS = ("altlabel", "skos:altlabel", "synonyms", "synonym", "alt_label")
_BROADER = ("broader", "skos:broader", "parent", "parents", "parent_id", "is_a")
_IDS = ("id", "identifier", "uri", "concept_id", "notation")
"""Headings of the columns of a table, case folded."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w+)?')


@dataclass(frozen=True)
class Concept:
    """An entry of an ontology."""

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    """The ids of those above it."""


def is_ontology(path: Path) -> bool:
    """Say whether a file is more than a list of terms: by its ending, or a column of broader terms or of SKOS."""
    if path.suffix.lower() in (".obo", ".bin"):
        return True
    if path.suffix.lower() not in (".csv", ".tsv"):
        return False
    heads = _heads(decode_lines(path), path=path)
    return not heads.isdisjoint((*_BROADER, *_NAMES[:2])) and not heads.isdisjoint(_NAMES)


def ontology_terms(path: Path, *, below: str | None, synonyms: bool) -> list[str]:
    """Return names, then synonyms, each once; `below` is the id or name of a concept, whose subtree is taken.

    Raises DataFormatError where there is no such concept, or nothing below it.
    """
    concepts = _joined(_read(path))
    if not concepts:
        raise DataFormatError(
            f"{path} holds no concept: it needs stanzas [Term] with id and name (OBO), records with MH and MN (MeSH), "
            "or rows below the headings of a table."
        )
    roots = _roots(concepts, below=below, path=path)
    above = set() if below is None else {root.id for root in roots}
    own = [concept for concept in _spread(concepts, roots=roots) if concept.id not in above]
    if not own:
        raise DataFormatError(f"{path}: there is nothing below {below!r}; name a concept that has narrower ones.")
    further = [name for concept in own for name in concept.synonyms] if synonyms else []
    terms: dict[str, str] = {}
    for term in (*(concept.name for concept in own), *further):
        terms.setdefault(" ".join(term.casefold().split()), " ".join(term.split()))
    return list(filter(None, terms.values()))


def _read(path: Path) -> Iterator[Concept]:
    text = decode_lines(path)
    if path.suffix.lower() == ".obo":
        return _obo(text)
    return _mesh(text) if path.suffix.lower() == ".bin" else _table(text, path=path)


def _joined(found: Iterable[Concept]) -> dict[str, Concept]:
    """Return concepts by id: several rows are one, and a name that stands for what is above becomes its id."""
    concepts: dict[str, Concept] = {}
    for one in found:
        first = concepts.get(one.id, Concept(one.id, one.name))
        synonyms, broader = dict.fromkeys(first.synonyms + one.synonyms), dict.fromkeys(first.broader + one.broader)
        concepts[one.id] = replace(first, synonyms=tuple(synonyms), broader=tuple(broader))
    ids = {concept.name: concept.id for concept in concepts.values()} | {id: id for id in concepts}
    return {
        id: replace(concept, broader=tuple(ids.get(above, above) for above in concept.broader))
        for id, concept in concepts.items()
    }


def _obo(text: str) -> Iterator[Concept]:
    """Yield the terms of stanzas that are not obsolete; of synonyms those that say the same (EXACT)."""
    for stanza in re.split(r"(?m)^(?=\[)", text):
        head, *lines = stanza.split("\n")
        if head.strip() != "[Term]":
            continue
        tags = [(tag, value.strip()) for tag, _, value in (line.partition(":") for line in lines)]
        values = dict(reversed(tags))  # the first of each tag
        if values.get("is_obsolete") == "true" or "id" not in values or "name" not in values:
            continue
        said = (_QUOTED.match(value) for tag, value in tags if tag == "synonym")
        same = tuple(re.sub(r"\\(.)", r"\1", found[1]) for found in said if found and found[2] in (None, "EXACT"))
        above = tuple(value.partition("!")[0].partition("{")[0].strip() for tag, value in tags if tag == "is_a")
        yield Concept(values["id"], values["name"], same, above)


def _mesh(text: str) -> Iterator[Concept]:
    """Yield the headings of MeSH; one that stands at several places of the tree is a concept at each.

    A name turned round for an index (`Fever, Typhoid`) is written as it is spoken.
    """
    for record in text.split("*NEWRECORD"):
        fields: dict[str, list[str]] = {}
        for line in record.split("\n"):
            tag, sign, value = line.partition(" = ")
            if sign:
                fields.setdefault(tag.strip(), []).append(value.strip())
        (name, *_) = fields.get("MH", [""])
        written = [*fields.get("PRINT ENTRY", []), *fields.get("ENTRY", [])]
        entries = tuple(_spoken(entry.partition("|")[0]) for entry in written)
        for place in fields.get("MN", []) if name else []:
            yield Concept(place, _spoken(name), entries, (place.rpartition(".")[0],))


def _spoken(name: str) -> str:
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and ", " not in first else name


def _heads(text: str, *, path: Path) -> set[str]:
    first = text.partition("\n")[0]
    return {cell.strip().casefold() for cell in next(csv.reader([first], delimiter=_delimiter(first, path)), [])}


def _delimiter(first: str, path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)


def _table(text: str, *, path: Path) -> Iterator[Concept]:
    """Yield the rows of a table; several synonyms or broader terms in a cell are parted by `|`."""
    rows = csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text.partition("\n")[0], path))
    heads = [cell.strip().casefold() for cell in next(rows, [])]

    def place(names: Sequence[str]) -> int | None:
        return next((heads.index(name) for name in names if name in heads), None)

    places = [place(names) for names in (_IDS, _NAMES, _SYNONYMS, _BROADER)]
    for row in filter(None, rows):
        id, name, same, above = (row[at].strip() if at is not None and at < len(row) else "" for at in places)
        if name:
            yield Concept(id or name, name, _several(same), _several(above))


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _roots(concepts: dict[str, Concept], *, below: str | None, path: Path) -> list[Concept]:
    """Return the concepts that the tree is read from: those called `below`, or all, first those with nothing above.

    The others stand below these, but where each of a circle is above the next one.
    """
    if below is None:
        return sorted(concepts.values(), key=lambda concept: any(id in concepts for id in concept.broader))
    wanted = below.casefold()
    found = [concept for concept in concepts.values() if wanted in (concept.id.casefold(), concept.name.casefold())]
    if not found:
        raise DataFormatError(
            f"{path}: no concept has the id or the name {below!r} (dataset.units_below, negatives.below)."
        )
    return found


def _spread(concepts: dict[str, Concept], *, roots: Sequence[Concept]) -> list[Concept]:
    """Return all below the roots, with them: of each branch one after another, from the top down.

    A concept stands below the first one that leads to it. Not recursive, for a table may say any depth.
    """
    narrower: dict[str, list[Concept]] = {}
    for concept in concepts.values():
        for above in concept.broader:
            narrower.setdefault(above, []).append(concept)
    below: dict[str | None, list[str]] = {None: []}
    reached: list[Concept] = []
    waiting: list[tuple[str | None, Concept]] = [(None, root) for root in reversed(roots)]
    while waiting:
        parent, concept = waiting.pop()
        if concept.id in below:
            continue
        below[concept.id] = []
        below[parent].append(concept.id)
        reached.append(concept)
        waiting.extend((concept.id, one) for one in reversed(narrower.get(concept.id, [])))
    orders: dict[str, list[Concept]] = {}
    for concept in reversed(reached):
        orders[concept.id] = [concept, *_in_turns([orders.pop(one) for one in below[concept.id]])]
    return _in_turns([orders[root] for root in below[None]])


def _in_turns(branches: Sequence[Sequence[Concept]]) -> list[Concept]:
    return [concept for turn in zip_longest(*branches) for concept in turn if concept is not None]
