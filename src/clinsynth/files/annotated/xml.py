"""XML: reading it, and the texts that it can hold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.losses import Losses
from clinsynth.files.annotated.texts import AnnotatedText, Mention

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, however they are written."""


def xml_of(path: Path, *, encoding: str | None) -> ElementTree.Element:
    """Return the root of a file, which says its encoding itself unless it is named; raises DataFormatError."""
    try:
        return ElementTree.fromstring(path.read_bytes(), parser=ElementTree.XMLParser(encoding=encoding))
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        line = error.position[0] if isinstance(error, ElementTree.ParseError) else 1
        raise DataFormatError(f"{path}:{line}: broken XML ({error}). Was the file cut off?") from error


def only_xml(text: AnnotatedText, *, lost: Losses) -> AnnotatedText:
    """Return a text in which blanks stand for what XML cannot hold, so that offsets stay."""
    found = len(_NO_XML.findall(text.text))
    if found:
        lost["control characters that XML does not have (written as blanks)"] += found
    mentions = tuple(
        Mention(one.start, one.end, _plain(one.type), one.id, one.parts, _attributes(one)) for one in text.mentions
    )
    links = tuple(replace(link, type=_plain(link.type)) for link in text.links)
    labels = tuple(map(_plain, text.labels))
    return replace(text, text=_plain(text.text), mentions=mentions, links=links, labels=labels)


def _plain(text: str) -> str:
    return _NO_XML.sub(" ", text)


def _attributes(mention: Mention) -> dict[str, str]:
    return {_plain(name): _plain(value) for name, value in mention.attributes.items()}
