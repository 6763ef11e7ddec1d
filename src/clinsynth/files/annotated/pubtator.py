"""PubTator: title and abstract of each article, its mentions with their concepts, relations of concepts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.decoding import lines_of, write_text
from clinsynth.files.annotated.losses import ATTRIBUTES, LINKS, MENTIONS, OVERLAPS, Losses, numbered, without_blanks
from clinsynth.files.annotated.offsets import Mark, covered, located
from clinsynth.files.annotated.texts import AnnotatedText, Link, Mention

FOLDER = False
HOLDS = frozenset({MENTIONS, OVERLAPS, ATTRIBUTES, LINKS})

CONCEPT = "concept"
"""The attribute of a mention that PubTator has: the id of what it names, in a terminology."""

_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_MENTION = re.compile(r"([^\t]+)\t(\d+)\t(\d+)\t([^\t]*)\t([^\t]+)(?:\t([^\t]*))?.*")
_RELATION = re.compile(r"([^\t]+)\t(\D[^\t]*)\t([^\t]+)\t([^\t]+).*")


@dataclass
class _Article:
    id: str
    place: str
    title: str = ""
    abstract: str | None = None
    marks: list[tuple[str, str, Mark]] = field(default_factory=list)
    relations: list[tuple[str, str, str, str]] = field(default_factory=list)


def recognises(path: Path, head: str) -> bool:
    match = _TEXT.match(head.lstrip())
    return match is not None and match[2] == "t"


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text an article, a line end between title and abstract; raises DataFormatError with file and line.

    A relation, which is of concepts, is read as one of the first mentions of both.
    """
    return [_text(article) for article in _articles(lines_of(path, encoding=encoding), path=path)]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text of two lines, whose mentions have a concept alone; relations are those of concepts."""
    title, _, abstract = text.text.partition("\n")
    plain = "\n".join(re.sub(r"[\r\n]", " ", part) for part in (title, abstract) if part or part is title)
    lost["line ends beyond that of the title (written as blanks)"] += plain != text.text[: len(plain)]
    text = numbered(without_blanks(text, lost=lost))
    linked = {end for link in text.links for end in (link.head, link.tail)}
    mentions = tuple(_with_concept(mention, linked=mention.id in linked, lost=lost) for mention in text.mentions)
    concepts = {mention.id: mention.attributes.get(CONCEPT, "") for mention in mentions}
    first = {concept: name for name, concept in reversed(concepts.items())}
    links = tuple(
        replace(link, head=first[concepts[link.head]], tail=first[concepts[link.tail]]) for link in text.links
    )
    return [replace(text, text=plain, mentions=mentions, links=links)]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write articles with a blank line between them."""
    blocks = ["\n".join(_lines(text, name=_name(text, number))) for number, text in enumerate(texts, 1)]
    write_text(path, "".join(f"{block}\n\n" for block in blocks))


def _with_concept(mention: Mention, *, linked: bool, lost: Losses) -> Mention:
    """Return a mention with its concept; one of a relation that has none is a concept of its own."""
    concept = mention.attributes.get(CONCEPT, "")
    kept = concept if not re.search(r"\s", concept) else ""
    lost["attributes of mentions but for their concept"] += len(mention.attributes) - bool(kept)
    kept = kept or (mention.id if linked else "")
    return replace(mention, attributes={CONCEPT: kept} if kept else {})


def _name(text: AnnotatedText, number: int) -> str:
    return re.sub(r"[|\s]", "_", text.id) or str(number)


def _articles(lines: Sequence[str], *, path: Path) -> Iterator[_Article]:
    article: _Article | None = None
    for number, line in enumerate([*lines, ""], 1):
        place = f"{path}:{number}"
        if not line.strip():
            if article:
                yield article
            article = None
        elif match := _TEXT.fullmatch(line):
            if match[2] == "t" and article:
                yield article
            if match[2] == "t":
                article = _Article(match[1], place, match[3])
            elif article and article.id == match[1]:
                article.abstract = match[3]
            else:
                raise DataFormatError(f"{place}: an abstract of {match[1]} without its title, `{match[1]}|t|...`.")
        else:
            _add(line, article, place=place)


def _add(line: str, article: _Article | None, *, place: str) -> None:
    """Add a mention or a relation to its article; raises DataFormatError for another line."""
    if article and line.startswith(f"{article.id}\t"):
        if match := _MENTION.fullmatch(line):
            _, start, end, written, kind, concept = match.groups()
            article.marks.append((kind, concept or "", Mark(((int(start), int(end)),), written, place)))
            return
        if match := _RELATION.fullmatch(line):
            article.relations.append((match[2], match[3], match[4], place))
            return
    raise DataFormatError(
        f"{place}: {line[:80]!r} is no line of PubTator's, such as `123|t|A title`, `123|a|The abstract`, "
        "`123<TAB>0<TAB>4<TAB>gout<TAB>Disease<TAB>D006073` or `123<TAB>CID<TAB>D1<TAB>D2`."
    )


def _text(article: _Article) -> AnnotatedText:
    text = article.title + (f"\n{article.abstract}" if article.abstract else "")
    found = located(text, [mark for _, _, mark in article.marks])
    mentions, first = [], dict[str, str]()
    for number, ((kind, concept, _), ((start, end),)) in enumerate(zip(article.marks, found, strict=True), 1):
        mentions.append(Mention(start, end, kind, f"T{number}", (), {CONCEPT: concept} if concept else {}))
        first.setdefault(concept, f"T{number}")
    for mention in mentions:  # of several concepts, each
        for name in re.split(r"[;,|]", mention.attributes.get(CONCEPT, "")):
            first.setdefault(name, mention.id)
    links = tuple(
        Link(kind, _of(head, first, place), _of(tail, first, place)) for kind, head, tail, place in article.relations
    )
    mentions.sort(key=lambda mention: (mention.start, mention.end))
    return AnnotatedText(text, article.id, tuple(mentions), links, place=article.place)


def _of(concept: str, first: Mapping[str, str], place: str) -> str:
    """Return the first mention of a concept."""
    if concept not in first:
        there = ", ".join(name for name in first if name)
        raise DataFormatError(
            f"{place}: the relation names {concept}, which no entity of the article has: there are {there or 'none'}."
        )
    return first[concept]


def _lines(text: AnnotatedText, *, name: str) -> Iterator[str]:
    title, _, abstract = text.text.partition("\n")
    yield f"{name}|t|{title}"
    yield f"{name}|a|{abstract}"
    concepts = {mention.id: mention.attributes.get(CONCEPT, "") for mention in text.mentions}
    for mention in text.mentions:
        words = covered(text.text, [(mention.start, mention.end)])
        yield f"{name}\t{mention.start}\t{mention.end}\t{words}\t{mention.type}\t{concepts[mention.id]}"
    for link in text.links:
        yield f"{name}\t{link.type}\t{concepts[link.head]}\t{concepts[link.tail]}"
