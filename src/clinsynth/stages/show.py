"""Print a synthetic corpus so that a person can judge it."""

from __future__ import annotations

import random
from pathlib import Path

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import ShowConfig
from clinsynth.reports import tables
from clinsynth.stages import Job


def main(settings: ShowConfig, *, job: Job) -> None:
    store = ArtifactStore(Path(settings.paths.artifacts))
    corpus = corpora.load_corpus(corpora.find_corpus(settings.corpus, store=store))
    tables.show_corpus_counts(corpus)
    tables.show_statistics(corpus.manifest.statistics)
    number = min(settings.samples, len(corpus.examples))
    tables.show_samples(random.Random(settings.seed).sample(corpus.examples, number))
    rejected = corpus.rejected()
    tables.show_rejected(corpus.manifest.rejected, rejected, each=settings.rejected)
    print(f"\n{corpus.folder}")
