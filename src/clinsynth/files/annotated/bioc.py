"""BioC as XML. https://bioc.sourceforge.net: a collection of documents, of passages, with annotations and relations.

What BioC's XML and JSON share stands in `bioc_documents`. The standard library reads it: of the libraries for BioC on
PyPI (bioc, bconv) none has had a release since 2023.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated import bioc_documents
from clinsynth.files.annotated.bioc_documents import HOLDS, from_document, to_document
from clinsynth.files.annotated.decoding import write_text
from clinsynth.files.annotated.losses import Losses
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.annotated.xml import only_xml, xml_of

FOLDER = False

__all__ = ["FOLDER", "HOLDS", "adapt", "read", "recognises", "write"]

Element = ElementTree.Element


def recognises(path: Path, head: str) -> bool:
    return re.match(r"\s*<.*<collection[\s>]|\s*<collection[\s>]", head, flags=re.DOTALL) is not None


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a document; offsets are those in the whole document.

    Raises DataFormatError with the line of broken XML, or the document of what else is wrong.
    """
    root = xml_of(path, encoding=encoding)
    if root.tag != "collection":
        raise DataFormatError(f"{path}: its first element is <{root.tag}>, where BioC has <collection>.")
    return [from_document(_document(found), path=path) for found in root.iter("document")]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    return [only_xml(one, lost=lost) for one in bioc_documents.adapt(text, lost=lost)]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write a collection of documents of one passage each."""
    root = Element("collection")
    for name in ("source", "date", "key"):
        ElementTree.SubElement(root, name)
    for number, text in enumerate(texts, 1):
        _add_document(root, to_document(text, number=number))
    ElementTree.indent(root, space=" ")
    content = ElementTree.tostring(root, encoding="unicode").replace("\r", "&#13;")
    write_text(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{content}\n')


def _document(element: Element) -> dict[str, Any]:
    """Return a document, passage or sentence as BioC's JSON has it."""
    return {
        "id": element.findtext("id", ""),
        "offset": element.findtext("offset", "0"),
        "text": element.findtext("text"),
        "infons": _infons(element),
        "passages": [_document(found) for found in element.findall("passage")],
        "sentences": [_document(found) for found in element.findall("sentence")],
        "annotations": [_annotation(found) for found in element.findall("annotation")],
        "relations": [_relation(found) for found in element.findall("relation")],
    }


def _annotation(element: Element) -> dict[str, Any]:
    return {
        "id": element.get("id", ""),
        "text": element.findtext("text"),
        "infons": _infons(element),
        "locations": [dict(found.attrib) for found in element.findall("location")],
    }


def _relation(element: Element) -> dict[str, Any]:
    nodes = [dict(found.attrib) for found in element.findall("node")]
    return {"id": element.get("id", ""), "infons": _infons(element), "nodes": nodes}


def _infons(element: Element) -> dict[str, str]:
    return {found.get("key", ""): found.text or "" for found in element.findall("infon")}


def _add_document(root: Element, document: Mapping[str, Any]) -> None:
    element = ElementTree.SubElement(root, "document")
    _add(element, "id", document["id"])
    _add_infons(element, document["infons"])
    for passage in document["passages"]:
        inner = ElementTree.SubElement(element, "passage")
        _add(inner, "offset", str(passage["offset"]))
        _add(inner, "text", passage["text"])
        for annotation in passage["annotations"]:
            mark = ElementTree.SubElement(inner, "annotation", id=annotation["id"])
            _add_infons(mark, annotation["infons"])
            for place in annotation["locations"]:
                ElementTree.SubElement(mark, "location", {name: str(value) for name, value in place.items()})
            _add(mark, "text", annotation["text"])
        for relation in passage["relations"]:
            link = ElementTree.SubElement(inner, "relation", id=relation["id"])
            _add_infons(link, relation["infons"])
            for node in relation["nodes"]:
                ElementTree.SubElement(link, "node", node)


def _add(element: Element, name: str, text: str, **attributes: str) -> None:
    added = ElementTree.SubElement(element, name, attributes)
    added.text = text


def _add_infons(element: Element, infons: Mapping[str, str]) -> None:
    for key, value in infons.items():
        _add(element, "infon", value, key=key)
