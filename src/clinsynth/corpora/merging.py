"""Several corpora as one, such as those that different LLMs wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from clinsynth.corpora.manifest import Manifest
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.storage import Corpus, write_examples
from clinsynth.files.json_lines import json_line
from clinsynth.quality.filters import folded_hash, folded_texts
from clinsynth.task import Task
from clinsynth.text.words import folded
from clinsynth.types import Gold, Unlabelled


def merge(
    folder: Path,
    corpora: Sequence[Corpus],
    *,
    missing: Sequence[Sequence[str]],
    unlabelled: Unlabelled,
    gold: Gold,
    task: Task,
) -> dict[str, Any]:
    """Write the examples in turns, so that a first part holds as many of each; returns the entries of the manifest.

    A text that stands in gold test, or in a corpus before, is rejected: each was made without the other. `missing` are,
    of each corpus, the kinds of labels that it lacks; its examples are completed with what is `unlabelled`.
    """
    of = task.kind.examples
    test = folded_texts(gold.held_out, words=of.words)
    seen: dict[bytes, str] = {}
    units: set[str] = set()
    rejected: list[dict[str, Any]] = []
    rows = [
        _rows(corpus, missing=lacks, how=unlabelled, gold=gold, task=task)
        for corpus, lacks in zip(corpora, missing, strict=True)
    ]
    turns = (zip(corpora, turn, strict=True) for turn in zip_longest(*rows))
    with SpilledLines(folder) as kept:
        for corpus, (row, example) in ((corpus, pair) for corpus, pair in chain.from_iterable(turns) if pair):
            units.add(row["unit"])
            text = folded(of.words(example))
            if text in test:
                rejected.append(row | {"reason": "test_copy", "detail": ""})
            elif (key := folded_hash(text)) in seen:
                rejected.append(row | {"reason": "duplicate", "detail": f"of one in {seen[key]}"})
            else:
                seen[key] = corpus.digest
                kept.append(json_line(row))
        counted = write_examples(folder, kept=kept.at(range(len(kept))), rejected=rejected, gold=gold, of=of)
    counts = {"units": len(units), "parsed": len(kept) + len(rejected), "kept": len(kept), "not needed": 0}
    partial = {"dataset": task.dataset.name, "labels": list(task.labels), "meanings": dict(task.meanings)}
    whole = replace(_joined(corpora, counts=counts), **counted)
    return replace(whole, **(partial if any(missing) else {})).entries()


def _joined(corpora: Sequence[Corpus], *, counts: dict[str, int]) -> Manifest:
    """Return the manifest of corpora as one, but for what is counted in its examples."""
    manifests = [corpus.manifest for corpus in corpora]
    shots = sorted({row for found in manifests for row in found.shots or ()})
    return replace(
        manifests[0],
        public=all(found.public for found in manifests),
        language=manifests[0].language if len({found.language for found in manifests}) == 1 else None,
        licence="; ".join(sorted({found.licence or "unknown" for found in manifests})),
        models=sorted({model for found in manifests for model in found.models}),
        corpora=[corpus.digest for corpus in corpora],
        meanings=manifests[0].meanings or {},
        counts=counts | ({"labels": len(shots)} if shots else {}),
        shots=shots or None,
        short={},
        confidence=None,
        confidence_of=list(dict.fromkeys(one for found in manifests for one in found.whose)) or None,
        reviewed=None,
        review=None,
        taken_in=any(found.taken_in for found in manifests) or None,
        unknown={},
    )


def _rows(
    corpus: Corpus, *, missing: Sequence[str], how: Unlabelled, gold: Gold, task: Task
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the rows of a corpus with their examples; of one that lacks labels as rows of the task."""
    if not missing:
        yield from zip(corpus.rows(), corpus.examples, strict=True)
        return
    assert task.partial is not None, "who lacks labels has them completed"
    completed = task.partial.completed(missing, how=how, gold=gold)
    for row, example in zip(corpus.rows(), corpus.examples, strict=True):
        whole = completed(example)
        yield row | whole.to_json(), whole
