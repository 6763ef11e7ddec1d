"""A corpus whose labels are those of trained models, with how sure they are."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from clinsynth import keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.corpora.labelling import OF, with_labels
from clinsynth.corpora.manifest import BY_MODEL, summed_up
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.storage import Corpus, derived, stored_corpus
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_line
from clinsynth.task import Task
from clinsynth.types import Gold

UNSURE = "unsure"
"""Why a text was rejected."""

PORTION = 1_000
"""Texts that are read together."""

Read = Callable[[Sequence[Any]], list[Any]]
"""Returns the probabilities of the labels of each example, [words, labels] or [1, labels]."""


def labelled_corpus(
    base: Corpus,
    *,
    threshold: float,
    version: str,
    task: Task,
    gold: Gold,
    store: ArtifactStore,
    open: Callable[[], Read],
) -> Corpus:
    """Return the texts of `base` with a model's labels, built if they are not in the store; `open` opens the model."""

    def build(folder: Path) -> dict[str, Any]:
        return _build(folder, base, threshold=threshold, task=task, gold=gold, read=open())

    return stored_corpus(store, version=version, content=keys.labelled_content(base.manifest.digest), builder=build)


def _build(folder: Path, base: Corpus, *, threshold: float, task: Task, gold: Gold, read: Read) -> dict[str, Any]:
    refused: list[dict[str, Any]] = []
    known = array("d")
    with SpilledLines(folder) as kept:
        for row, sure in _labelled(base, task=task, read=read):
            if sure >= threshold:
                kept.append(json_line(row))
                known.append(sure)
            else:
                refused.append(row | {"reason": UNSURE, "detail": f"{sure:.3f} at its least"})
        return derived(
            folder,
            base,
            kept=kept,
            refused=refused,
            counts={},
            gold=gold,
            of=task.kind.examples,
            confidence=summed_up(known),
            confidence_of=[BY_MODEL],
        )


def _labelled(base: Corpus, *, task: Task, read: Read) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield the rows with the model's labels, and how sure it is of the label of which it is least sure."""
    of = task.kind.probabilities
    if of is None:
        raise ConfigError(
            f"annotator=model is of tasks whose texts or words have one label each, and {task.name} is not."
        )
    rows = base.rows()
    for begin in range(0, len(base.examples), PORTION):
        examples = base.examples[begin : begin + PORTION]
        found = read(examples)
        labelled = of.read_rows(examples, rows=found, labels=task.labels)
        for row, example, chances in zip(islice(rows, PORTION), labelled, found, strict=True):
            chosen = of.targets(example, labels=task.labels)
            sure = chances[np.arange(len(chosen)), chosen]
            each = [round(float(one), 3) for one in sure]
            least = min(each, default=1.0)
            of_words = {} if example.label else {"word_confidences": each}
            yield with_labels(row, example) | {"confidence": least, OF: BY_MODEL} | of_words, least
