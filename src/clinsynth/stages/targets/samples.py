"""Tables 4 and 5: samples of synthetic corpora."""

from __future__ import annotations

import random

from clinsynth import corpora
from clinsynth.errors import MissingCompletions
from clinsynth.reports import samples
from clinsynth.reports.documents import Document
from clinsynth.reports.samples import Samples
from clinsynth.stages import asking, resolving
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import gaps
from clinsynth.stages.targets.asked import Asked, quietly

RUNS = False
SHOWN = 8
"""Texts of each corpus: the same ones of corpora that differ in their labels alone."""


def document(asked: Asked) -> Document:
    made = Document(asked.target, asked.title)
    parts: list[tuple[str, Samples]] = []
    missing = []
    for job in asked.jobs():
        try:
            heading, found = _samples(job, asked=asked)
        except MissingCompletions:
            missing.append(job)
            continue
        parts.append((heading, found))
        made.body += [f"## {heading}\n", found]
        public = job.settings.dataset.public
        made.public = made.public and job.settings.tracking.may_hold_text(public=public)
    made.body.append(gaps.section(missing, asked=asked))
    made.sides["html"] = samples.page(asked.title, parts)
    return made


def _samples(job: Planned, *, asked: Asked) -> tuple[str, Samples]:
    settings = job.settings
    resolved = resolving.load_and_resolve(settings)
    with quietly():
        corpus = corpora.make_corpus(
            resolved.recipe, completions=asking.completions_of(resolved.settings), store=asked.store
        )
    drawn = random.Random(0).sample(range(len(corpus.examples)), min(SHOWN, len(corpus.examples)))
    annotator = resolved.settings.annotator.name
    labels = "" if annotator == "none" else f", labels of `{annotator}`"
    heading = f"{settings.dataset.name}{labels}: {len(drawn)} of {len(corpus.examples)} texts, corpus {corpus.digest}"
    return heading, Samples([corpus.examples[place] for place in sorted(drawn)])
