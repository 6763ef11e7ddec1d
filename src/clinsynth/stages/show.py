"""Print a synthetic corpus so that a person can judge it."""

from __future__ import annotations

import random
from pathlib import Path

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import ShowConfig
from clinsynth.reports.counts import show_corpus_counts, show_rejected, show_statistics
from clinsynth.reports.samples import show_samples
from clinsynth.stages import Job


def main(settings: ShowConfig, *, job: Job) -> None:
    """Run the stage."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    corpus = corpora.load_corpus(corpora.find_corpus(settings.corpus, store=store))
    show_corpus_counts(corpus)
    show_statistics(corpus.manifest.statistics)
    number = min(settings.samples, len(corpus.examples))
    show_samples(random.Random(settings.seed).sample(corpus.examples, number))
    show_rejected(corpus.manifest.rejected, corpus.rejected(), each=settings.rejected)
    print(f"\n{corpus.folder}")
