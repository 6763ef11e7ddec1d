"""Tables 4 and 5: samples of synthetic corpora."""

from __future__ import annotations

import random
from pathlib import Path

from clinsynth import corpora, datasets
from clinsynth.errors import MissingCompletions
from clinsynth.reports import samples
from clinsynth.reports.documents import Document
from clinsynth.reports.samples import Samples
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import gaps
from clinsynth.stages.targets.asked import Asked, quietly
from clinsynth.tasks.base import config_room, synthesis_room

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
    config_room(settings.dataset.task).resolve(settings)
    gold = datasets.load(settings.dataset, data=Path(settings.paths.data), artifacts=Path(settings.paths.artifacts))
    synthesis_room(settings.dataset.task).propose(settings, gold=gold)
    with quietly():
        corpus = corpora.make(settings, gold=gold, store=asked.store)
    drawn = random.Random(0).sample(range(len(corpus.examples)), min(SHOWN, len(corpus.examples)))
    labels = "" if settings.annotator.name == "none" else f", labels of `{settings.annotator.name}`"
    heading = f"{settings.dataset.name}{labels}: {len(drawn)} of {len(corpus.examples)} texts, corpus {corpus.digest}"
    return heading, Samples([corpus.examples[place] for place in sorted(drawn)])
