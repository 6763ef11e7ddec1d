"""CAS XMI, as UIMA, DKPro, INCEpTION and cTAKES write it. Needs dkpro-cassis: the extra `xmi`.

A folder has a TypeSystem.xml and an .xmi for each text. Mentions are DKPro's NamedEntity (its value is the type), what
cTAKES calls a ...Mention, and INCEpTION's layers of one's own (`webanno.custom...`), whose first feature with a value
is the type; relations are what has a Governor and a Dependent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.losses import LINKS, MENTIONS, OVERLAPS, Losses
from clinsynth.files.annotated.names import free_names
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention
from clinsynth.files.annotated.xml import only_xml

FOLDER = True
HOLDS = frozenset({MENTIONS, OVERLAPS, LINKS})

TYPES = "TypeSystem.xml"

_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_RELATION, _CUSTOM = "webanno.custom.Relation", "webanno.custom."
_ENDS = {"Governor", "Dependent"}
_PLAIN = {"sofa", "begin", "end"}


def recognises(path: Path, head: str) -> bool:
    return any(_files(path))


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return the texts of a folder, or that of one .xmi.

    Raises DataFormatError where the types are missing, and for what cassis cannot read.
    """
    return [_text(file, _library()) for file in _files(path)]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    return [only_xml(text, lost=lost)]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write a folder that INCEpTION imports: mentions as named entities, relations as a layer of their own."""
    cassis = _library()
    path.mkdir(parents=True, exist_ok=True)
    types = cassis.TypeSystem()
    entity = types.create_type(name=_ENTITY, supertypeName="uima.tcas.Annotation")
    types.create_feature(domainType=entity, name="value", rangeType="uima.cas.String")
    relation = types.create_type(name=_RELATION, supertypeName="uima.tcas.Annotation")
    types.create_feature(domainType=relation, name="label", rangeType="uima.cas.String")
    for name in sorted(_ENDS):
        types.create_feature(domainType=relation, name=name, rangeType=entity)
    types.to_xml(path / TYPES)
    for name, text in zip(free_names(texts), texts, strict=True):
        cas = cassis.Cas(typesystem=types)
        cas.sofa_string, cas.sofa_mime = text.text, "text/plain"
        marked = {one.id: entity(begin=one.start, end=one.end, value=one.type) for one in text.mentions}
        marks = [
            entity(begin=one.start, end=one.end, value=one.type) if not one.id else marked[one.id]
            for one in text.mentions
        ]
        links = [
            relation(
                begin=marked[one.tail].begin,
                end=marked[one.tail].end,
                label=one.type,
                Governor=marked[one.head],
                Dependent=marked[one.tail],
            )
            for one in text.links
        ]
        cas.add_all([*marks, *links])
        cas.to_xmi(path / f"{name}.xmi")


def _library() -> Any:
    try:
        import cassis
    except ImportError as error:
        raise ConfigError("format=xmi needs dkpro-cassis: pip install 'clinsynth[xmi]'.") from error
    return cassis


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*.xmi")) if not file.name.startswith("."))
    elif path.suffix.lower() == ".xmi":
        yield path


def _text(path: Path, cassis: Any) -> AnnotatedText:
    types = next((folder / TYPES for folder in path.parents[:2] if (folder / TYPES).is_file()), None)
    if types is None:
        raise DataFormatError(f"{path} has no types: {TYPES} is missing beside it. Export it, too.")
    try:
        with types.open("rb") as file:
            system = cassis.load_typesystem(file)
        with path.open("rb") as file:
            cas = cassis.load_cas_from_xmi(file, typesystem=system, lenient=True)
    except Exception as error:  # cassis and lxml have no one kind of it
        raise DataFormatError(f"{path} is no XMI that can be read ({type(error).__name__}: {error}).") from error
    found = list(cas.select_all_annotations())
    marks = {id(mark): mark for mark in found if _kind(mark)}
    names = {key: f"T{number}" for number, key in enumerate(marks, 1)}
    mentions = [Mention(mark.begin, mark.end, _kind(mark), names[key]) for key, mark in marks.items()]
    return AnnotatedText(
        cas.sofa_string or "",
        id=path.stem,
        mentions=tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end))),
        links=tuple(_links(found, names=names, place=str(path))),
        place=str(path),
    )


def _kind(mark: Any) -> str:
    """Return the type of a mention; empty for what is none."""
    name, short = mark.type.name, mark.type.name.rpartition(".")[2]
    features = {feature.name for feature in mark.type.all_features}
    if features >= _ENDS:
        return ""
    if name == _ENTITY:
        return str(mark.value or "")
    if name.startswith(_CUSTOM):
        values = [getattr(mark, own) for own in sorted(features - _PLAIN)]
        return next((value for value in values if isinstance(value, str)), short)
    return short.removesuffix("Mention") if short.endswith("Mention") else ""


def _links(found: Sequence[Any], *, names: Mapping[int, str], place: str) -> Iterator[Link]:
    for mark in found:
        if not {feature.name for feature in mark.type.all_features} >= _ENDS:
            continue
        ends = [names.get(id(end)) for end in (mark.Governor, mark.Dependent)]
        if None not in ends:
            label = getattr(mark, "label", None) or mark.type.name.rpartition(".")[2]
            yield Link(str(label), *map(str, ends))
