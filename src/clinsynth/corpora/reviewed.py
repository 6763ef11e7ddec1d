"""A corpus as people's judgement leaves it: without what they found to be wrong, or with the labels that they gave."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from clinsynth import keys, tasks
from clinsynth.analysis.variety import compare
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Reviewed
from clinsynth.corpora.storage import EXAMPLES, KIND, REJECTED, Corpus, load
from clinsynth.files.json_lines import read_json_lines, write_json_lines
from clinsynth.review import results
from clinsynth.review.results import Result
from clinsynth.types import Gold

WRONG, DISPUTED = "reviewed_wrong", "reviewed_disputed"
"""Why an example was rejected."""


def judged(base: Corpus, *, how: Reviewed, version: str, gold: Gold, store: ArtifactStore) -> Corpus:
    """Built if it is not in the store; raises ConfigError where nobody has reviewed the corpus."""
    review = results.of_corpus(base.digest, store=store)
    return load(
        store.build(
            KIND,
            version=version,
            content=_content(base.manifest["digest"], how=how, review=review),
            builder=lambda folder: _build(folder, base, review=review, how=how, gold=gold),
        )
    )


def review_content(base: str, *, how: Reviewed, store: ArtifactStore) -> dict[str, Any]:
    """What decides the corpus that `judged` makes; `base` is the whole digest of the one that is reviewed."""
    return _content(base, how=how, review=results.of_corpus(base[:12], store=store))


def _content(base: str, *, how: Reviewed, review: Result) -> dict[str, Any]:
    return keys.judged_content(base, review=review.manifest["digest"], how=how)


def _build(folder: Path, base: Corpus, *, review: Result, how: Reviewed, gold: Gold) -> dict[str, Any]:
    """What nobody judged stays; what is disputed goes, for nobody knows its label."""
    kind, labels = tasks.kind(base.manifest["task"]), base.manifest["labels"]
    judgements = {row["place"]: row for row in review.rows}
    kept: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    fixed = 0
    for place, row in enumerate(read_json_lines(base.folder / EXAMPLES)):
        judgement = judgements.get(place)
        if judgement is None or judgement["agrees"]:
            kept.append(row)
        elif how is Reviewed.fix and judgement["agrees"] is False and judgement["answer"] is not None:
            example = kind.reviewer.relabelled(base.examples[place], judgement["answer"], labels=labels)
            kept.append(row | example.to_json())
            fixed += 1
        else:
            reason = DISPUTED if judgement["agrees"] is None else WRONG
            refused.append(row | {"reason": reason, "detail": f"labelled {judgement['given']}"})
    rejected = read_json_lines(base.folder / REJECTED) + refused
    write_json_lines(folder / EXAMPLES, kept)
    write_json_lines(folder / REJECTED, rejected)
    examples = [kind.examples.from_json(row) for row in kept]
    told = {name: value for name, value in base.manifest.items() if name not in _NOT_TOLD}
    return told | {
        "reviewed": {"base": base.digest, "review": review.digest, "how": how.value},
        "counts": base.manifest["counts"] | {"kept": len(kept), "relabelled": fixed},
        "rejected": dict(Counter(row["reason"] for row in rejected).most_common()),
        "described": kind.examples.describe(examples),
        "statistics": compare(examples, gold=gold.train or gold.test, of=kind.examples),
    }


_NOT_TOLD = ("kind", "version", "digest", "content", "corpora", "review")
"""Of the manifest of the corpus that is reviewed: says what that one is."""
