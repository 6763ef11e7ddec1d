"""A corpus whose labels are those of trained models, with how sure they are."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from clinsynth.task import Alike, Task
from clinsynth.types import Gold

UNSURE = "unsure"
"""Why a text was rejected."""

PORTION = 1_000
"""Texts that are read together."""

Read = Callable[[Sequence[Any]], list[Any]]
"""Returns the probabilities of the labels of each example, [words, labels], [1, labels] or [criteria, 2]."""


def labelled_corpus(
    base: Corpus,
    *,
    threshold: float,
    alike: Alike,
    version: str,
    task: Task,
    gold: Gold,
    store: ArtifactStore,
    open: Callable[[], Read],
) -> Corpus:
    """Return the texts of `base` with a model's labels, built if they are not in the store; `open` opens the model.

    `alike` says which words are labelled as elsewhere, where the model is unsure of them.
    """

    def build(folder: Path) -> dict[str, Any]:
        return _build(folder, base, threshold=threshold, task=task, gold=gold, label=_Labelling(task, open(), alike))

    return stored_corpus(store, version=version, content=keys.labelled_content(base.manifest.digest), builder=build)


def _build(
    folder: Path, base: Corpus, *, threshold: float, task: Task, gold: Gold, label: _Labelling
) -> dict[str, Any]:
    refused: list[dict[str, Any]] = []
    known = array("d")
    with SpilledLines(folder) as kept:
        for row, sure in label.rows(base):
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


@dataclass(frozen=True)
class _Labelling:
    """Labels by a model, with how sure it is of them."""

    task: Task
    read: Read
    alike: Alike

    def rows(self, base: Corpus) -> Iterator[tuple[dict[str, Any], float]]:
        """Yield the rows with the model's labels, and how sure it is of the label of which it is least sure."""
        of = self.task.kind.probabilities
        if of is None:
            raise ConfigError(
                f"annotator=model is of tasks whose words or texts have labels, and {self.task.name} is not."
            )
        rows = base.rows()
        for examples, chances in self._portions(base.examples):
            labelled = of.read_rows(examples, rows=chances, labels=self.task.labels)
            labelled, decided = self._agreed(labelled, chances)
            portion = islice(rows, len(examples))
            for row, example, own, together in zip(portion, labelled, chances, decided, strict=True):
                chosen = of.targets(example, labels=self.task.labels)
                each = [round(float(one), 3) for one in own[np.arange(len(chosen)), chosen]]
                each = [round(together.get(word, one), 3) for word, one in enumerate(each)]
                least = min(each, default=1.0)
                of_words = {} if example.label else {"word_confidences": each}
                yield with_labels(row, example) | {"confidence": least, OF: BY_MODEL} | of_words, least

    def _portions(self, examples: Sequence[Any]) -> Iterator[tuple[Sequence[Any], list[Any]]]:
        """Yield examples with what the model says of them: a portion, or all where others have a say in each."""
        portions = (examples[begin : begin + PORTION] for begin in range(0, len(examples), PORTION))
        if self.alike:
            yield examples, [chances for portion in portions for chances in self.read(portion)]
        else:
            yield from ((portion, self.read(portion)) for portion in portions)

    def _agreed(self, labelled: list[Any], chances: list[Any]) -> tuple[list[Any], list[dict[int, float]]]:
        consistency = self.task.kind.consistency
        if not self.alike:
            return labelled, [{}] * len(labelled)
        if consistency is None:
            raise ConfigError(
                f"annotator.alike={self.alike.scope} is of ner, whose labels are those of words; {self.task.name} has "
                "none here: leave it out."
            )
        return consistency.consistent(labelled, rows=chances, labels=self.task.labels, how=self.alike)
