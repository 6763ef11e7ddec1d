"""Rows with a text and what is said of it, under the names that tools give to their columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.losses import numbered
from clinsynth.files.annotated.offsets import Mark, Parts, covered, located
from clinsynth.files.annotated.tags import check_scheme, spans_of
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention
from clinsynth.files.annotated.words import joined

Row = Mapping[str, Any]

NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence", "data", "content", "note"),
    "entities": ("entities", "spans", "label", "labels", "mentions"),
    "word": ("tokens", "words"),
    "tag": ("ner_tags", "tags", "labels"),
    "relations": ("relations", "links"),
    "label": ("labels", "label", "category", "class"),
    "id": ("id", "document_id", "doc_id", "pmid", "source"),
}
"""Names of columns that are known, by what they hold; the first that fits is taken."""

_OWN = ("id", "text", "entities", "tokens", "relations", "labels")
"""Names that a row has which is written; another column of such a name gets a longer one."""

_START, _END = ("start", "start_offset", "begin"), ("end", "end_offset")
_TYPE = ("label", "type", "labels", "entity", "tag")
_HEAD = ("head", "from_id", "arg1_id", "head_span")
_TAIL = ("tail", "child", "to_id", "arg2_id", "child_span")

_NO_ATTRIBUTES = {"token_start", "token_end", "text", "id", "parts", "offsets", "attributes"}

_REFUSED = ("reject", "ignore")
"""Answers of Prodigy's annotators about a row that does not count."""


def from_rows(rows: Iterable[tuple[str, Row]], *, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return the texts of rows, each with its place; `columns` name what is called otherwise than usual.

    Raises DataFormatError with the place for a row without a text, and for tags that mix schemes.
    """
    given = list(rows)
    kept = [(place, row) for place, row in given if row.get("answer") not in _REFUSED]
    if len(kept) < len(given):
        print(f"{len(given) - len(kept):,} rows that Prodigy's annotators have rejected or ignored are left out.")
    texts = [_from_row(row, columns=columns, place=place) for place, row in kept]
    tagged = [(number, tags) for number, (_, tags) in enumerate(texts) if tags is not None]
    check_scheme([tags for _, tags in tagged], place=lambda row, _: texts[tagged[row][0]][0].place)
    found = [text for text, _ in texts]
    for number, tags in tagged:
        found[number] = _with_spans(found[number], tags)
    return found


def to_row(text: AnnotatedText) -> dict[str, Any]:
    """Return a row that `from_rows` reads as this text."""
    row: dict[str, Any] = {f"other_{name}" if name in _OWN else name: value for name, value in text.further.items()}
    row |= {"id": text.id} if text.id else {}
    row["text"] = text.text
    row["entities"] = [_to_entity(mention, text=text.text) for mention in text.mentions]
    if text.words:
        row["tokens"] = [{"text": text.text[start:end], "start": start, "end": end} for start, end in text.words]
    if text.links or {*NAMES["relations"]} & {*row}:
        row["relations"] = [
            {"id": link.id, "type": link.type, "head": link.head, "tail": link.tail} for link in text.links
        ]
    if text.labels or {*NAMES["label"]} & {*row}:
        row["labels"] = list(text.labels)
    return row


def labels_of(value: Any) -> tuple[str, ...]:
    """Return the labels of a whole text that a value says: one, a list of them, or each with its probability."""
    if isinstance(value, Mapping):
        return tuple(str(name) for name, score in value.items() if score is not None and float(score) >= 0.5)
    if isinstance(value, list | tuple):
        return tuple(str(label) for label in value)
    return () if value is None or value == "" else (str(value),)


def _from_row(row: Row, *, columns: Mapping[str, str], place: str) -> tuple[AnnotatedText, list[str] | None]:
    """Return the text of a row, and the tags of its words where it has such."""
    used: set[str] = set()

    def take(role: str, fits: Any) -> Any:
        if role in columns and columns[role] not in row:
            raise DataFormatError(
                f"{place}: there is no column {columns[role]} (columns.{role}); there are {_listed(row)}."
            )
        for name in (columns[role],) if role in columns else NAMES[role]:
            if name in row and name not in used and fits(row[name]):
                used.add(name)
                return row[name]
        return None

    words = take("word", _are_words)
    tags = take("tag", _are_tags) if words is not None and all(isinstance(word, str) for word in words) else None
    given = take("text", lambda value: isinstance(value, str))
    passages = row.get("passages") if given is None and words is None else None
    if given is None and words is None and not isinstance(passages, list):
        raise DataFormatError(
            f"{place}: no text: its columns are {_listed(row)}, of which none is {', '.join(NAMES['text'])} and holds "
            "one. columns={text: note} names another."
        )
    text, places = _text(given, words, passages, place=place)
    entities = take("entities", _are_marks) or []
    mentions = _mentions(entities, text=text, place=place)
    relations = take("relations", _are_objects) or []
    if relations:
        mentions = list(numbered(AnnotatedText(text, mentions=tuple(mentions))).mentions)
    found = AnnotatedText(
        text,
        id=str(take("id", lambda value: isinstance(value, str | int)) or ""),
        mentions=tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end))),
        links=tuple(_link(link, mentions=mentions, place=place) for link in relations),
        labels=labels_of(take("label", lambda value: value is None or not _are_marks(value) or not value)),
        words=places,
        place=place,
        further={name: value for name, value in row.items() if name not in used and name != "passages"},
    )
    if tags is None:
        return found, None
    if len(tags) != len(places):
        raise DataFormatError(f"{place}: {len(places)} words and {len(tags)} tags; each word needs one.")
    return found, list(map(str, tags))


def _text(given: str | None, words: Any, passages: Any, *, place: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return text and places of words, out of what a row has of them."""
    if given is None and words is None:  # as bigbio's data sets on the hub
        return _of_passages(passages, place=place), ()
    if words is None:
        return given or "", ()
    if any(not isinstance(word, str) for word in words):
        places = tuple((int(word["start"]), int(word["end"])) for word in words)
        return given if given is not None else joined([word["text"] for word in words])[0], places
    if given is not None and (found := _found_in(given, words)) is not None:
        return given, found
    return joined(words)


def _of_passages(passages: Sequence[Any], *, place: str) -> str:
    text = ""
    for passage in passages:
        (start, _), *_ = passage["offsets"]
        if start < len(text):
            raise DataFormatError(f"{place}: its passages overlap at character {start}.")
        text = text.ljust(start) + " ".join(passage["text"])
    return text


def _found_in(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...] | None:
    """Return where words stand in their text, one after another; `None` where they are written otherwise."""
    places, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0:
            return None
        end = start + len(word)
        places.append((start, end))
    return tuple(places)


def _with_spans(text: AnnotatedText, tags: Sequence[str]) -> AnnotatedText:
    spans = spans_of(tags)
    own = [Mention(text.words[start][0], text.words[end - 1][1], kind) for start, end, kind in spans]
    return replace(text, mentions=text.mentions or tuple(own))


def _mentions(entities: Sequence[Any], *, text: str, place: str) -> list[Mention]:
    marks = [_mark(entity, place=place) for entity in entities]
    found = []
    for entity, parts in zip(entities, located(text, marks), strict=True):
        several = parts if len(parts) > 1 else ()
        start, end = parts[0][0], parts[-1][1]
        kinds = entity[2:3] if not isinstance(entity, Mapping) else labels_of(_first(entity, _TYPE))
        if not kinds:
            raise DataFormatError(f"{place}: the mention from {start} to {end} has no type: {', '.join(_TYPE[:2])}.")
        name = str(entity.get("id", "")) if isinstance(entity, Mapping) else ""
        found += [Mention(start, end, str(kind), name, several, _attributes(entity)) for kind in kinds]
    return found


def _mark(entity: Any, *, place: str) -> Mark:
    try:
        if not isinstance(entity, Mapping):
            start, end, _ = entity[:3]
            return Mark(((int(start), int(end)),), None, place)
        written = entity.get("text")
        parts: Parts = tuple(
            (int(start), int(end)) for start, end in entity.get("parts") or entity.get("offsets") or ()
        )
        parts = parts or ((int(_first(entity, _START)), int(_first(entity, _END))),)
        written = " ".join(written) if isinstance(written, list) else written
        return Mark(parts, written if isinstance(written, str) else None, place)
    except (TypeError, ValueError, KeyError) as error:
        raise DataFormatError(
            f"{place}: {str(entity)[:80]} marks nothing: a mention is [start, end, type], or an object with start, end "
            "and label."
        ) from error


def _first(entity: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((entity[name] for name in names if entity.get(name) is not None), None)


def _attributes(entity: Any) -> dict[str, str]:
    """Return what an object says beside offsets and type: numbers, words, truth."""
    if not isinstance(entity, Mapping):
        return {}
    known = {*_START, *_END, *_TYPE, *_NO_ATTRIBUTES}
    plain = {name: value for name, value in entity.items() if name not in known and value is not None}
    given = entity.get("attributes") or {}
    given = json.loads(given) if isinstance(given, str) else given  # as Parquet has them
    return {
        str(name): _said(value) for name, value in (plain | dict(given)).items() if isinstance(value, str | int | float)
    }


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _link(link: Row, *, mentions: Sequence[Mention], place: str) -> Link:
    kind = _first(link, ("type", "label")) or "related"
    head, tail = (_end(_first(link, names), link, names=names, mentions=mentions) for names in (_HEAD, _TAIL))
    if head is None or tail is None:
        raise DataFormatError(f"{place}: the relation {kind} does not name two entities: head and tail, by their ids.")
    return Link(str(kind), head, tail, str(link.get("id", "")))


def _end(value: Any, link: Row, *, names: Sequence[str], mentions: Sequence[Mention]) -> str | None:
    """Return the id of the entity at one end; Prodigy names it by its place in the text."""
    span = link.get(names[-1])
    if isinstance(span, Mapping):
        places = (span.get("start"), span.get("end"))
        return next((found.id for found in mentions if (found.start, found.end) == places), None)
    return None if value is None else str(value)


def _to_entity(mention: Mention, *, text: str) -> dict[str, Any]:
    parts = mention.parts or ((mention.start, mention.end),)
    entity: dict[str, Any] = {"id": mention.id} if mention.id else {}
    entity |= {"start": mention.start, "end": mention.end, "label": mention.type, "text": covered(text, parts)}
    entity |= {"parts": [list(part) for part in mention.parts]} if mention.parts else {}
    return entity | ({"attributes": mention.attributes} if mention.attributes else {})


def _are_marks(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(found, list | tuple | Mapping) for found in value)


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(found, Mapping) for found in value)


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(found, str) or _is_word(found) for found in value)


def _are_tags(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(found, str | int) for found in value)


def _is_word(value: Any) -> bool:
    return isinstance(value, Mapping) and {"start", "end"} <= set(value)


def _listed(row: Row) -> str:
    return ", ".join(str(name)[:40] for name in row) or "none"
