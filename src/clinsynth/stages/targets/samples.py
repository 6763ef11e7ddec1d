"""Samples of synthetic corpora: tables 4 and 5, and what the models of other tables have learnt from."""

from __future__ import annotations

import contextlib
import random

from clinsynth import corpora
from clinsynth.errors import ClinsynthError, MissingCompletions
from clinsynth.reports.report import Report
from clinsynth.reports.samples import Samples
from clinsynth.stages import asking, replay, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import gaps, runs
from clinsynth.stages.targets.asked import Asked, quietly

RUNS = False
SHOWN = 8
"""Number of texts of each corpus: the same ones of corpora that differ in their labels alone."""


def make_report(asked: Asked) -> Report:
    """Return the samples."""
    made = Report(asked.target, asked.title)
    missing = []
    for job in asked.jobs():
        try:
            heading, found = _samples(job, asked=asked)
        except MissingCompletions:
            missing.append(job)
            continue
        made.body += [f"## {heading}\n", found]
        public = job.settings.dataset.public
        made.public = made.public and job.settings.tracking.may_hold_text(public=public)
    made.body.append(gaps.section(missing, asked=asked))
    return made


def _samples(job: Planned, *, asked: Asked) -> tuple[str, Samples]:
    settings = job.settings
    resolved = resolving.load_and_resolve(settings)
    with quietly():
        corpus = replay.made(resolved, completions=asking.completions_of(resolved.settings), store=asked.store)
    return _drawn(corpus, dataset=settings.dataset.name, annotator=resolved.settings.annotator.name)


def _drawn(corpus: corpora.Corpus, *, dataset: str, annotator: str) -> tuple[str, Samples]:
    """Return a heading and some texts of a corpus."""
    drawn = random.Random(0).sample(range(len(corpus.examples)), min(SHOWN, len(corpus.examples)))
    labels = "" if annotator == "none" else f", labels of `{annotator}`"
    heading = f"{dataset}{labels}: {len(drawn)} of {len(corpus.examples)} texts, corpus {corpus.digest}"
    return heading, Samples([corpus.examples[place] for place in sorted(drawn)])


def learnt_from(found: runs.Runs, *, asked: Asked) -> list[str | Samples]:
    """Return texts of the largest corpus of each dataset and annotator; none of datasets that are not public."""
    largest: dict[tuple[str, str], tuple[float, str]] = {}
    for job, arm in found.by_job:
        settings = job.settings
        digests = [run.corpus for run in arm.runs if run.corpus]
        if digests and settings.tracking.may_hold_text(public=settings.dataset.public):
            key = settings.dataset.name, settings.annotator.name
            largest[key] = max(largest.get(key, (0.0, "")), (float(arm.facts.get("size") or 0), digests[0]))
    parts: list[str | Samples] = []
    for (dataset, annotator), (_, digest) in largest.items():
        with contextlib.suppress(ClinsynthError):  # pruned, or damaged, which a table of scores need not know
            corpus = corpora.load_corpus(corpora.find_corpus(digest, store=asked.store))
            heading, samples = _drawn(corpus, dataset=dataset, annotator=annotator)
            parts += [f"### {heading}\n", samples]
    return ["## Samples of what the models have learnt from\n", *parts] if parts else []
