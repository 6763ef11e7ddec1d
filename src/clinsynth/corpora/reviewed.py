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
from clinsynth.review.verdicts import Judgement
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
    review = results.of_corpus(corpus.digest, store=store)
    found = [_as_people_say(one, of=corpus) for one in review.judgements]
    return [example for example in found if example is not None], review.whole_digest


def _as_people_say(judgement: Judgement, *, of: Corpus) -> Any | None:
    """Return the example of a corpus with the labels that people gave it; `None` where nobody knows them."""
    assert judgement.place is not None, "it is of a corpus"
    example = of.examples[judgement.place]
    if judgement.agrees and not judgement.extended:
        return example
    if judgement.agrees is None or judgement.answer is None:
        return None
    return tasks.kind(of.manifest.task).reviewer.relabelled(example, judgement.answer, labels=of.manifest.labels)


def judged_content(base: str, *, how: Reviewed, store: ArtifactStore) -> dict[str, Any]:
    """Return what decides the corpus that `judged_corpus` makes; `base` is the whole digest of the reviewed one."""
    return keys.judged_content(base, review=results.of_corpus(base[:12], store=store).whole_digest, how=how)


def _build(folder: Path, base: Corpus, review: Result, *, how: Reviewed, gold: Gold) -> dict[str, Any]:
    """Write the corpus; an example that nobody judged stays, and a disputed one goes, for nobody knows its label."""
    judgements = {judgement.place: judgement for judgement in review.judgements}
    refused: list[dict[str, Any]] = []
    fixed = 0
    with SpilledLines(folder) as kept:
        for place, row in enumerate(base.rows()):
            judgement = judgements.get(place)
            if judgement is None or (judgement.agrees and not (how is Reviewed.fix and judgement.extended)):
                kept.append(json_line(row))
            elif how is Reviewed.fix and (example := _as_people_say(judgement, of=base)) is not None:
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
            of=tasks.kind(base.manifest.task).examples,
            corpora=None,
            reviewed={"base": base.digest, "review": review.digest, "how": how.value},
        )
