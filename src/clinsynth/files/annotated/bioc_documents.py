"""Documents of BioC, as its JSON has them, and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.losses import ATTRIBUTES, LABELS, LINKS, MENTIONS, OVERLAPS, PARTS, Losses, numbered
from clinsynth.files.annotated.offsets import Mark, covered, located
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

HOLDS = frozenset({MENTIONS, OVERLAPS, PARTS, ATTRIBUTES, LINKS, LABELS})

_LABEL = "label"
"""Key of a document's infon with the labels of the whole text, one a line."""

Document = Mapping[str, Any]


@dataclass
class _Whole:
    """A document, as its passages are put together."""

    text: str = ""
    marks: list[tuple[Document, Mark]] = field(default_factory=list)
    relations: list[Document] = field(default_factory=list)

    def add(self, part: Document, *, gap: str, place: str) -> None:
        """Add a passage, or a sentence of one, at its offset; `gap` stands before it as often as need be."""
        offset = int(part.get("offset") or 0)
        shift = 0
        if part.get("text"):
            start = max(offset, len(self.text) + bool(self.text) * (offset < len(self.text)))
            self.text = self.text.ljust(start, gap) + part["text"]
            shift = start - offset
        for sentence in part.get("sentences") or ():
            self.add(sentence if not part.get("text") else {**sentence, "text": None}, gap=" ", place=place)
        for annotation in part.get("annotations") or ():
            if annotation.get("locations"):
                self.marks.append((annotation, _mark(annotation, shift=shift, place=place)))
        self.relations += part.get("relations") or ()


def from_document(document: Document, *, path: Path) -> AnnotatedText:
    """Return the text of a document: its passages at their offsets, line ends between them.

    A mention keeps its place in its passage where passages overlap, because their offsets count something else.
    Relations of more than two are left out, and printed.
    """
    place = f"{path}: document {document.get('id', '')}"
    whole = _Whole()
    try:
        for passage in document.get("passages") or ():
            whole.add(passage, gap="\n", place=place)
        whole.relations.extend(document.get("relations") or ())
        loose = [annotation for annotation in document.get("annotations") or () if annotation.get("locations")]
        whole.marks.extend((annotation, _mark(annotation, shift=0, place=place)) for annotation in loose)
        mentions = list(_mentions(whole))
        links = list(_links(whole, place=place))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataFormatError(f"{place} is none of BioC's: {type(error).__name__} {error}.") from error
    labels = str((document.get("infons") or {}).get(_LABEL, ""))
    return AnnotatedText(
        whole.text,
        id=str(document.get("id", "")),
        mentions=tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end))),
        links=tuple(links),
        labels=tuple(labels.split("\n")) if labels else (),
        place=place,
    )


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text whose mentions have no attribute `type`, which is theirs, and whose labels are of one line."""
    mentions = []
    for mention in text.mentions:
        kept = {name: value for name, value in mention.attributes.items() if name != "type"}
        lost["attributes of mentions that are called type"] += len(mention.attributes) - len(kept)
        mentions.append(replace(mention, attributes=kept))
    labels = tuple(" ".join(label.split()) for label in text.labels)
    return [replace(text, mentions=tuple(mentions), labels=labels)]


def to_document(text: AnnotatedText, *, number: int) -> dict[str, Any]:
    """Return the document of a text, which is one passage."""
    text = numbered(text)
    passage = {
        "offset": 0,
        "infons": {},
        "text": text.text,
        "sentences": [],
        "annotations": [_annotation(mention, text=text.text) for mention in text.mentions],
        "relations": [_relation(link, number=place) for place, link in enumerate(text.links, 1)],
    }
    infons = {_LABEL: "\n".join(text.labels)} if text.labels else {}
    return {"id": text.id or str(number), "infons": infons, "passages": [passage], "annotations": [], "relations": []}


def _mark(annotation: Document, *, shift: int, place: str) -> Mark:
    places = [(int(found["offset"]) + shift, int(found["length"])) for found in annotation["locations"]]
    parts = tuple(sorted((start, start + length) for start, length in places))
    return Mark(parts, annotation.get("text"), f"{place}, annotation {annotation.get('id', '')}")


def _mentions(whole: _Whole) -> Iterator[Mention]:
    found = located(whole.text, [mark for _, mark in whole.marks])
    for (annotation, mark), parts in zip(whole.marks, found, strict=True):
        infons = {str(key): str(value) for key, value in (annotation.get("infons") or {}).items()}
        kind = infons.pop("type", "")
        if not kind:
            raise DataFormatError(f'{mark.place} has no type: <infon key="type"> says it.')
        several = parts if len(parts) > 1 else ()
        yield Mention(parts[0][0], parts[-1][1], kind, str(annotation.get("id", "")), several, infons)


def _links(whole: _Whole, *, place: str) -> Iterator[Link]:
    others = 0
    for relation in whole.relations:
        nodes = [str(node["refid"]) for node in relation.get("nodes") or ()]
        if len(nodes) == 2:
            kind = str((relation.get("infons") or {}).get("type", "related"))
            yield Link(kind, nodes[0], nodes[1], str(relation.get("id", "")))
        else:
            others += 1
    if others:
        print(f"{place}: {others} relations of more or less than two entities are left out.")


def _annotation(mention: Mention, *, text: str) -> dict[str, Any]:
    parts = mention.parts or ((mention.start, mention.end),)
    return {
        "id": mention.id,
        "infons": {"type": mention.type} | mention.attributes,
        "text": covered(text, parts),
        "locations": [{"offset": start, "length": end - start} for start, end in parts],
    }


def _relation(link: Link, *, number: int) -> dict[str, Any]:
    nodes = [{"refid": link.head, "role": "head"}, {"refid": link.tail, "role": "tail"}]
    return {"id": link.id or f"R{number}", "infons": {"type": link.type}, "nodes": nodes}
