"""DocBin, spaCy's binary corpora (.spacy). Needs spaCy: the extra `spacy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.annotated.losses import LABELS, MENTIONS, OVERLAPS, Losses, trimmed
from clinsynth.files.annotated.texts import AnnotatedText, Mention
from clinsynth.files.annotated.words import word_places

FOLDER = False
HOLDS = frozenset({MENTIONS, OVERLAPS, LABELS})

_SPANS = "sc"
"""The key under which spaCy's span categoriser looks for spans that may overlap."""


def recognises(path: Path, head: str) -> bool:
    return path.suffix.lower() == ".spacy"


def read(path: Path, *, encoding: str | None, columns: Mapping[str, str]) -> list[AnnotatedText]:
    """Return a text a doc, with its entities, groups of spans and categories.

    Raises DataFormatError for another file.
    """
    spacy, tokens = _library()
    try:
        docs = list(tokens.DocBin().from_disk(path).get_docs(spacy.vocab.Vocab()))
    except Exception as error:  # spaCy and msgpack have no one kind of it
        raise DataFormatError(f"{path} is no DocBin that can be read ({type(error).__name__}: {error}).") from error
    return [_text(doc, place=f"{path}: doc {number}") for number, doc in enumerate(docs, 1)]


def adapt(text: AnnotatedText, *, lost: Losses) -> list[AnnotatedText]:
    """Return a text with the words of its doc: no mention begins or ends within one."""
    text = trimmed(text, lost=lost)
    return [replace(text, words=tuple(word_places(text)))]


def write(path: Path, texts: Sequence[AnnotatedText]) -> None:
    """Write docs without a language; mentions that overlap in any text are all spans of the key `sc`."""
    spacy, tokens = _library()
    vocab = spacy.vocab.Vocab()
    overlap = any(not _apart(text.mentions) for text in texts)
    docs = [_doc(text, vocab=vocab, tokens=tokens, overlap=overlap) for text in texts]
    tokens.DocBin(docs=docs, store_user_data=True).to_disk(path)


def _library() -> tuple[Any, Any]:
    try:
        import spacy
        import spacy.tokens
        import spacy.vocab
    except ImportError as error:
        raise ConfigError("format=docbin needs spaCy: pip install 'clinsynth[spacy]'.") from error
    return spacy, spacy.tokens


def _text(doc: Any, *, place: str) -> AnnotatedText:
    spans = [*doc.ents, *(span for group in doc.spans.values() for span in group)]
    found = dict.fromkeys((span.start_char, span.end_char, span.label_) for span in spans)
    return AnnotatedText(
        doc.text,
        id=str(doc.user_data.get("id", "")),
        mentions=tuple(Mention(*span) for span in sorted(found)),
        labels=tuple(name for name, score in doc.cats.items() if score >= 0.5),
        words=tuple((token.idx, token.idx + len(token)) for token in doc if not token.is_space),
        place=place,
    )


def _doc(text: AnnotatedText, *, vocab: Any, tokens: Any, overlap: bool) -> Any:
    words, spaces = zip(*_words(text), strict=True) if text.text else ((), ())
    doc = tokens.Doc(vocab, words=words, spaces=spaces)
    spans = [doc.char_span(found.start, found.end, label=found.type) for found in text.mentions]
    if overlap:
        doc.spans[_SPANS] = spans
    else:
        doc.ents = spans
    doc.cats = dict.fromkeys(text.labels, 1.0)
    if text.id:
        doc.user_data["id"] = text.id
    return doc


def _words(text: AnnotatedText) -> Iterator[tuple[str, bool]]:
    """Yield words, and whether one blank follows; other gaps are words of their own, so that nothing is lost."""
    edges = [(0, 0), *text.words, (len(text.text), len(text.text))]
    for (start, end), (following, _) in pairwise(edges):
        gap = text.text[end:following]
        blank = gap.startswith(" ") and end > start
        if end > start:
            yield text.text[start:end], blank
        if rest := gap[blank:]:
            yield rest, False


def _apart(mentions: Sequence[Mention]) -> bool:
    return all(one.end <= other.start for one, other in pairwise(mentions))
