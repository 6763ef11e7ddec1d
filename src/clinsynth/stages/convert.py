"""Annotated texts from one format into another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clinsynth import corpora, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import ConvertConfig, FileConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files import parquet
from clinsynth.files.annotated.formats import OF_WORDS, format_named
from clinsynth.files.annotated.joining import joined
from clinsynth.files.annotated.losses import said
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.rows import from_rows
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.annotated.writing import write_annotated
from clinsynth.files.exported import export_facts
from clinsynth.files.sources import locate
from clinsynth.reports.console import say
from clinsynth.stages import Job
from clinsynth.text.words import tokenise_with_offsets


def main(settings: ConvertConfig, *, job: Job) -> None:
    """Run the stage; raises ConfigError where something is at `to` already, DataFormatError as readers do."""
    to = Path(settings.to).expanduser()
    format_named(settings.format)
    if to.is_file() or (to.is_dir() and any(to.iterdir())):
        raise ConfigError(f"to={to} is there already: name another place, or remove it.")
    texts = _texts(settings, settings.source)
    if not texts:
        raise DataFormatError(f"from={settings.source} holds no texts.")
    for given in settings.also:
        texts = _with(given, texts, settings=settings)
    if settings.format in OF_WORDS:
        texts = [_with_words(text) for text in texts]
    written, lost = write_annotated(texts, to, format=settings.format)
    say(f"{_counted(written)}: {to} ({settings.format}), read again and compared.")
    for line in said(lost):
        say(f"  not held by {settings.format}: {line}")


def _with(given: str, texts: Sequence[AnnotatedText], *, settings: ConvertConfig) -> list[AnnotatedText]:
    """Return the texts with what another path says of them, too; raises DataFormatError where it has none of them."""
    others = _texts(settings, given)
    found = joined(texts, others)
    if not found:
        raise DataFormatError(
            f"also={given} has none of the texts of from={settings.source}: both have to hold the same texts, "
            "character for character."
        )
    say(f"{len(found):,} of {len(texts):,} texts are in {given}, too, which has {len(others):,}; others are left out.")
    return found


def _texts(settings: ConvertConfig, given: str) -> list[AnnotatedText]:
    """Return the texts of a path, or of a corpus by its digest."""
    path, store = Path(given).expanduser(), ArtifactStore(Path(settings.paths.artifacts))
    is_stored = path.resolve().parent == store.root.resolve()
    if is_stored or export_facts(path) or (not path.exists() and re.fullmatch(r"latest|[0-9a-f]{3,64}", given)):
        return _of_corpus(corpora.load_corpus(path if is_stored else corpora.find_corpus(given, store=store)))
    file = FileConfig(path=given)
    return read_annotated(
        locate(file, data=Path(settings.paths.data), folders=True),
        format=settings.from_format,
        encoding=settings.encoding,
        columns=settings.columns.given(),
    )


def _of_corpus(corpus: corpora.Corpus) -> list[AnnotatedText]:
    """Return the kept examples of a corpus, with what else their rows say."""
    lists = tasks.kind(corpus.manifest.task).examples.LISTS
    rows = []
    for number, (row, example) in enumerate(zip(corpus.rows(), corpus.examples, strict=True), 1):
        own = {name: value for name, value in parquet.with_entities(row, example).items() if name not in lists}
        rows.append((f"{corpus.folder}: example {number}", own | {"id": f"{row['unit']}#{row['replicate']}/{number}"}))
    return from_rows(rows, columns={})


def _with_words(text: AnnotatedText) -> AnnotatedText:
    """Return a text with words: its own, or as gold is split."""
    words = tuple((start, end) for _, start, end in tokenise_with_offsets(text.text))
    return text if text.words else replace(text, words=words)


def _counted(texts: Sequence[AnnotatedText]) -> str:
    kinds = Counter(mention.type for text in texts for mention in text.mentions)
    links = sum(len(text.links) for text in texts)
    labels = Counter(label for text in texts for label in text.labels)
    parts = [f"{len(texts):,} texts"]
    for what, found in (("mentions", kinds), ("labels", labels)):
        if found:
            each = ", ".join(f"{name} {number:,}" for name, number in found.most_common(10))
            parts.append(f"{found.total():,} {what} ({each})")
    return ", ".join([*parts, *([f"{links:,} relations"] if links else [])])
