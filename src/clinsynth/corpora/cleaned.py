"""A corpus after a search for label errors: without them, with other labels, or with its doubtful texts marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from clinsynth import keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import QualityConfig
from clinsynth.config.corpus import DROP, RELABEL
from clinsynth.corpora.labelling import with_labels
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.storage import Corpus, derived, stored_corpus
from clinsynth.errors import ConfigError
from clinsynth.files.json_lines import json_line
from clinsynth.quality.label_errors import Doubt, find_label_errors
from clinsynth.task import Probabilities, Task
from clinsynth.types import Gold

LABEL_ERROR, RELABELLED = "label_error", "relabelled"
"""Why an example was rejected, as it was."""

DOUBT = "doubt"
"""The field of a row of a corpus that says what is doubted."""

Judges = Callable[[Sequence[Any]], list[Any]]
"""Returns the probabilities of the labels of all examples by models that have not learnt from them."""


def cleaned_corpus(
    base: Corpus,
    *,
    quality: QualityConfig,
    learner: Sequence[Any],
    version: str,
    task: Task,
    gold: Gold,
    store: ArtifactStore,
    judges: Judges,
) -> Corpus:
    """Return the corpus after the search, made if it is not in the store; `learner` is what decides the judges."""
    of = task.kind.probabilities
    if of is None:
        raise ConfigError(
            f"quality.label_errors={quality.label_errors} is of tasks whose words or texts have labels, and "
            f"{task.name} is not: leave quality.label_errors=keep."
        )

    def build(folder: Path) -> dict[str, Any]:
        return _build(folder, base, how=quality.label_errors, task=task, of=of, gold=gold, judges=judges)

    content = keys.cleaned_content(base.manifest.digest, quality=quality, learner=learner)
    return stored_corpus(store, version=version, content=content, builder=build)


def _build(
    folder: Path, base: Corpus, *, how: str, task: Task, of: Probabilities, gold: Gold, judges: Judges
) -> dict[str, Any]:
    refused: list[dict[str, Any]] = []
    doubted = 0
    with SpilledLines(folder) as kept:
        for row, doubt, better in _judged(base, task=task, of=of, judges=judges):
            doubted += doubt is not None
            if doubt is None:
                kept.append(json_line(row))
            elif how == DROP:
                refused.append(row | {"reason": LABEL_ERROR, "detail": doubt})
            elif how == RELABEL:
                kept.append(json_line(with_labels(row, better)))
                refused.append(row | {"reason": RELABELLED, "detail": doubt})
            else:
                kept.append(json_line(row | {DOUBT: doubt}))
        return derived(
            folder, base, kept=kept, refused=refused, counts={"doubted": doubted}, gold=gold, of=task.kind.examples
        )


def _judged(
    base: Corpus, *, task: Task, of: Probabilities, judges: Judges
) -> Iterator[tuple[dict[str, Any], str | None, Any]]:
    """Yield each row, what is doubted in it if anything is, and its example as the judges label it."""
    examples = list(base.examples)
    rows = judges(examples)
    targets = [of.targets(example, labels=task.labels) for example in examples]
    worst: dict[int, Doubt] = {}
    for doubt in find_label_errors(rows, targets, separately=of.SEPARATE):
        worst.setdefault(doubt.example, doubt)
    better = of.read_rows(examples, rows=rows, labels=task.labels)
    for place, (row, example) in enumerate(zip(base.rows(), examples, strict=True)):
        found = worst.get(place)
        yield row, None if found is None else _said(found, example, of=of, task=task), better[place]


def _said(doubt: Doubt, example: Any, *, of: Probabilities, task: Task) -> str:
    """Return which label is doubted: `gout` is O, and a model of the other examples says B-Disease (0.98)."""
    what, names = of.called(example, doubt.unit, labels=task.labels)
    given, likely = names[doubt.given], names[doubt.likely]
    return f"{what} is {given}, and a model of the other examples says {likely} ({doubt.sure:.2f})"
