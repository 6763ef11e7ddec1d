"""Lists of terms: one a line, or a column of a table; of several types each with its type."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.ontology import is_ontology, ontology_terms
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode_lines
from clinsynth.task.units import typed_unit

HEADS = ("term", "terms", "unit", "units", "entity", "entities", "name", "names", "concept", "concepts", "mention")
"""Headings of the column with the terms."""
TYPE_HEADS = ("type", "entity_type", "label", "class", "category")
"""Headings of the column with their types."""

Row = tuple[int, str, str]
"""The line of a term, the term and what is said of its type; empty where nothing is."""


def read_terms(path: Path, *, types: Sequence[str] = (), below: str | None = None, synonyms: bool = True) -> list[str]:
    """Return the terms of a list, each once; where there are `types`, each behind its type, as units are named.

    Of one type all terms are; of several each says which: `term<TAB>type`, or a column `type` of a table. Of an
    ontology those `below` a concept are taken, with their `synonyms` or without. Raises DataFormatError where there is
    none, or one without its type.
    """
    if not path.is_file():
        raise no_file(path, said="no list of terms")
    if is_ontology(path):
        return _of_ontology(path, types=types, below=below, synonyms=synonyms)
    if below is not None:
        raise DataFormatError(
            f"{path} is a list of terms, and {below} (dataset.units_below, negatives.below) is of an ontology: .obo, "
            "MeSH's .bin, or a table with a column of broader terms."
        )
    text, several = decode_lines(path), len(types) > 1
    table = path.suffix.lower() in (".csv", ".tsv")
    rows = _columns(text, path=path, several=several) if table else _lines(text, several=several)
    found: dict[str, None] = {}
    for line, written, kind in rows:
        if term := " ".join(written.split()):
            found[_named(term, kind.strip(), types=types, place=f"{path}:{line}") if types else term] = None
    if not found:
        example = f"aspirin<TAB>{types[0]}" if several else "ataxia"
        raise DataFormatError(f"{path}: the list of terms is empty; it needs one term a line, such as: {example}.")
    return list(found)


def _of_ontology(path: Path, *, types: Sequence[str], below: str | None, synonyms: bool) -> list[str]:
    if len(types) > 1:
        raise DataFormatError(
            f"{path} is an ontology, whose terms are of one type: give one for each type, as "
            f"dataset.units={{{types[0]}: {path}}}."
        )
    terms = ontology_terms(path, below=below, synonyms=synonyms)
    return [typed_unit(term, type=types[0]) for term in terms] if types else terms


def _named(term: str, kind: str, *, types: Sequence[str], place: str) -> str:
    if len(types) == 1:
        return typed_unit(term, type=types[0])
    if kind not in types:
        said = f"has the type {kind!r}, which is not declared" if kind else "has no type"
        raise DataFormatError(
            f"{place}: the term {term!r} {said}. A line is term<TAB>type, with one of {', '.join(types)} as the type "
            "(dataset.entity_types)."
        )
    return typed_unit(term, type=kind)


def _lines(text: str, *, several: bool) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        term, _, kind = line.rstrip().rpartition("\t") if several and "\t" in line.strip() else (line, "", "")
        yield number, term, kind


def _columns(text: str, *, path: Path, several: bool) -> Iterator[Row]:
    """Yield the cells of the columns with terms and types; a table of terms alone may have no heading."""
    first = text.partition("\n")[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    rows = [(reader.line_num, row) for row in reader if row]
    heads = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    term, kind = (next((heads.index(head) for head in known if head in heads), None) for known in (HEADS, TYPE_HEADS))
    if several and len(heads) == 2 and term is None and kind is None:
        term, kind = 0, 1
    elif term is not None:
        rows = rows[1:]
    elif len(heads) > 1:
        raise DataFormatError(
            f"{path}: none of its columns ({', '.join(cell.strip() for cell in rows[0][1])}) is named `term`: name the "
            "one with the terms so. A list with one term a line, commas and all, is a .txt file."
        )
    for number, row in rows:
        written, said = ("" if at is None or len(row) <= at else row[at] for at in (term or 0, kind))
        yield number, written, said
