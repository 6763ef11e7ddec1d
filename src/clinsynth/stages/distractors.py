"""Terms that stand in negatives: what is easily taken for an entity, such as symptoms or genes, and is none."""

from __future__ import annotations

from dataclasses import replace

from clinsynth.config import CorpusConfig
from clinsynth.files.sources import resolve
from clinsynth.files.terms import read_terms
from clinsynth.keys import digest
from clinsynth.task import DISTRACTORS, Task
from clinsynth.types import Gold


def with_distractors(settings: CorpusConfig, *, task: Task, gold: Gold) -> tuple[Task, Gold]:
    """Return the task whose negatives hold terms of `negatives.terms`, and gold that says by a hash which; else both.

    Raises ConfigError for a file that is not there, or of which no term is left, DataFormatError for what it holds.
    """
    told = settings.negatives
    if told.terms is None or not settings.units.negatives or task.hard_negatives is None:
        return task, gold
    listed = read_terms(resolve(told.terms), below=told.below, synonyms=told.synonyms)
    writer, terms = task.hard_negatives(listed, gold)
    return replace(task, writer=writer), replace(gold, hashes=gold.hashes | {DISTRACTORS: digest(list(terms))})
