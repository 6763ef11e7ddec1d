"""A corpus as people's judgement leaves it: without what they found to be wrong, or with the labels that they gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinsynth import keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Reviewed
from clinsynth.corpora.labelling import with_labels
from clinsynth.corpora.spilled import SpilledLines
from clinsynth.corpora.storage import Corpus, derived, stored_corpus
from clinsynth.files.json_lines import json_line
from clinsynth.review import results
from clinsynth.review.results import Result
from clinsynth.types import Gold

WRONG, DISPUTED = "reviewed_wrong", "reviewed_disputed"
"""Why an example was rejected."""


def judged_corpus(base: Corpus, *, how: Reviewed, version: str, gold: Gold, store: ArtifactStore) -> Corpus:
    """Return the corpus after its review, built if it is not in the store; raises ConfigError where there was none."""
    review = results.of_corpus(base.digest, store=store)
    content = keys.judged_content(base.manifest.digest, review=review.whole_digest, how=how)
    return stored_corpus(
        store, version=version, content=content, builder=lambda folder: _build(folder, base, review, how=how, gold=gold)
    )


def reviewed_examples(corpus: Corpus, *, store: ArtifactStore) -> tuple[list[Any], str]:
    """Return the examples of a corpus that people judged, with the labels that they gave, and the review's digest.

    Those of which nobody knows the label, for it is disputed or nobody gave another one, are left out. Raises
    ConfigError where there was no review.
    """
    review, reviewer = results.of_corpus(corpus.digest, store=store), tasks.kind(corpus.manifest.task).reviewer
    found = []
    for one in review.judgements:
        assert one.place is not None, "it is of a corpus"
        if one.agrees and not one.extended:
            found.append(corpus.examples[one.place])
        elif one.agrees is not None and one.answer is not None:
            labels = corpus.manifest.labels
            found.append(reviewer.relabelled(corpus.examples[one.place], one.answer, labels=labels))
    return found, review.whole_digest


def judged_content(base: str, *, how: Reviewed, store: ArtifactStore) -> dict[str, Any]:
    """Return what decides the corpus that `judged_corpus` makes; `base` is the whole digest of the reviewed one."""
    return keys.judged_content(base, review=results.of_corpus(base[:12], store=store).whole_digest, how=how)


def _build(folder: Path, base: Corpus, review: Result, *, how: Reviewed, gold: Gold) -> dict[str, Any]:
    """Write the corpus; an example that nobody judged stays, and a disputed one goes, for nobody knows its label."""
    kind = tasks.kind(base.manifest.task)
    judgements = {judgement.place: judgement for judgement in review.judgements}
    refused: list[dict[str, Any]] = []
    fixed = 0
    with SpilledLines(folder) as kept:
        for place, row in enumerate(base.rows()):
            judgement = judgements.get(place)
            fixing = how is Reviewed.fix and judgement is not None and judgement.agrees is not None
            if judgement is None or (judgement.agrees and not (fixing and judgement.extended)):
                kept.append(json_line(row))
            elif fixing and judgement.answer is not None:
                example = kind.reviewer.relabelled(base.examples[place], judgement.answer, labels=base.manifest.labels)
                kept.append(json_line(with_labels(row, example)))
                fixed += 1
            else:
                reason = DISPUTED if judgement.agrees is None else WRONG
                refused.append(row | {"reason": reason, "detail": f"labelled {judgement.given}"})
        return derived(
            folder,
            base,
            kept=kept,
            refused=refused,
            counts={"relabelled": fixed},
            gold=gold,
            of=kind.examples,
            corpora=None,
            reviewed={"base": base.digest, "review": review.digest, "how": how.value},
        )
