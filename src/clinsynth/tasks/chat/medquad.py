"""MedQuAD (Ben Abacha and Demner-Fushman 2019): XML documents with pairs of questions and answers.

Some of its collections were published without their answers; a question without one is a seed all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.xml import xml_of


def read_pairs(path: Path, *, encoding: str | None) -> Iterator[tuple[str, str, str]]:
    """Yield place, question and answer of a document, or of all in a folder and below it, in the order of their names.

    Questions that come again, as they do in other documents, are left out. Raises DataFormatError for other XML.
    """
    files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise DataFormatError(f"{path} has no .xml file: a folder of questions is one of MedQuAD's.")
    seen = set[str]()
    for file in files:
        for number, pair in enumerate(_pairs(file, encoding=encoding), 1):
            if (folded := pair[0].casefold()) not in seen:
                seen.add(folded)
                yield f"{file}, pair {number}", *pair


def _pairs(file: Path, *, encoding: str | None) -> Iterator[tuple[str, str]]:
    root = xml_of(file, encoding=encoding)
    if root.tag != "Document":
        raise DataFormatError(f"{file}: the root is <{root.tag}>; MedQuAD's documents are <Document> with <QAPair>.")
    for pair in root.iter("QAPair"):
        if question := _text(pair.find("Question")):
            yield question, _text(pair.find("Answer"))


def _text(element: ElementTree.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())
