"""Print a synthetic corpus so that a person can judge it."""

from __future__ import annotations

import random
from pathlib import Path

from clinsynth import corpora, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import ShowConfig
from clinsynth.reports.browsing import write_browser
from clinsynth.reports.counts import show_corpus_counts, show_doubted, show_rejected, show_statistics
from clinsynth.reports.samples import show_samples
from clinsynth.reports.spending import show_bill
from clinsynth.stages import Job, costs
from clinsynth.tracking import CORPUS, Ledger


def main(settings: ShowConfig, *, job: Job) -> None:
    """Run the stage."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    corpus = corpora.load_corpus(corpora.find_corpus(settings.corpus, store=store))
    show_corpus_counts(corpus)
    show_statistics(corpus.manifest.statistics)
    number = min(settings.samples, len(corpus.examples))
    show_samples(random.Random(settings.seed).sample(corpus.examples, number))
    _show_bill(settings, corpus)
    show_doubted(corpus.rows(), each=settings.rejected)
    show_rejected(corpus.manifest.rejected, corpus.rejected(), each=settings.rejected)
    print(f"\n{corpus.folder}")
    if settings.browse is not None:
        page = Path(settings.browse).expanduser()
        write_browser(page, corpus)
        print(f"All of it, to filter and search (you alone may read the file): {page}")


def _show_bill(settings: ShowConfig, corpus: corpora.Corpus) -> None:
    """Print what the answers of a corpus have cost, as far as the cache holds them."""
    store = ArtifactStore(Path(settings.paths.artifacts))
    bill, headline = costs.bill_of(corpus, store=store), tasks.kind(corpus.manifest.task).judge.HEADLINE
    if bill.answers:
        runs = Ledger(settings.tracking, store=store).tagged(CORPUS, corpus.digest)
        scores = [run.data.metrics[headline.metric] for run in runs if headline.metric in run.data.metrics]
        show_bill(bill, kept=len(corpus.examples), best=max(scores, default=None), headline=headline.name)
