"""The texts that a test is about: of a corpus, or of a user's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import AnalyseConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.files.input_texts import input_files, read_input_texts
from clinsynth.keys import digest, file_digest
from clinsynth.stages import Job, replay, resolving


@dataclass(frozen=True)
class Texts:
    """Texts, and by what they are known."""

    texts: Sequence[str]
    name: str
    digest: str
    corpus: str | None = None
    """The digest of the corpus that they are of."""


def texts(settings: AnalyseConfig, *, job: Job, store: ArtifactStore) -> Texts:
    """Return the texts of `input`, or of the corpus; raises ConfigError where there are none."""
    if settings.input is None:
        found = corpus(settings, job=job, store=store)
        return Texts([example.text for example in found.examples], found.digest, found.manifest.digest, found.digest)
    if settings.corpus is not None:
        raise ConfigError(f"input={settings.input} and corpus={settings.corpus}: test one of them, and then the other.")
    given = Path(settings.input).expanduser()
    paths = input_files(given, but=job.folder)
    read = [one.text for one in read_input_texts(paths, below=given, column=settings.column, keep=())]
    if not any(text.strip() for text in read):
        raise ConfigError(f"input={given} holds no text.")
    return Texts(read, given.name, digest([settings.column, *map(file_digest, paths)]))


def corpus(settings: AnalyseConfig, *, job: Job, store: ArtifactStore) -> Corpus:
    """Return the corpus that is named, or that of the settings; raises ConfigError for one without examples."""
    found = replay.named_corpus(settings, store=store)
    if found is None:
        found = replay.corpus(resolving.load_and_resolve(settings), store=store, folder=job.folder)
    if not found.examples:
        raise ConfigError("nothing is left to test: quality control has rejected every synthetic example.")
    return found
