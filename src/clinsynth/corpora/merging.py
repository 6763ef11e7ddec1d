"""Several corpora as one, such as those that different LLMs wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from clinsynth.corpora.storage import Corpus, write_examples
from clinsynth.quality.filters import folded, folded_texts
from clinsynth.task import Examples
from clinsynth.types import Gold


def merge(folder: Path, corpora: Sequence[Corpus], *, gold: Gold, of: Examples) -> dict[str, Any]:
    """Write the examples in turns, so that a first part holds as many of each; returns the entries of the manifest.

    A text that stands in gold test, or in a corpus before, is rejected: each was made without the other.
    """
    test = folded_texts(gold.held_out, words=of.words)
    seen: dict[tuple[str, ...], str] = {}
    kept: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    turns = zip_longest(*(zip(corpus.rows(), corpus.examples, strict=True) for corpus in corpora))
    for corpus, pair in chain.from_iterable(zip(corpora, turn, strict=True) for turn in turns):
        if pair is None:
            continue
        row, example = pair
        text = folded(of.words(example))
        if text in test:
            rejected.append(row | {"reason": "test_copy", "detail": ""})
        elif text in seen:
            rejected.append(row | {"reason": "duplicate", "detail": f"of one in {seen[text]}"})
        else:
            seen[text] = corpus.digest
            kept.append(row)
    manifests = [corpus.manifest for corpus in corpora]
    units = len({unit for corpus in corpora for unit in corpus.units})
    return replace(
        manifests[0],
        public=all(found.public for found in manifests),
        language=manifests[0].language if len({found.language for found in manifests}) == 1 else None,
        licence="; ".join(sorted({found.licence or "unknown" for found in manifests})),
        meanings=manifests[0].meanings or {},
        models=sorted({model for found in manifests for model in found.models}),
        corpora=[corpus.digest for corpus in corpora],
        counts={"units": units, "parsed": len(kept) + len(rejected), "kept": len(kept), "not needed": 0},
        short={},
        reviewed=None,
        review=None,
        taken_in=any(found.taken_in for found in manifests) or None,
        unknown={},
        **write_examples(folder, kept=kept, rejected=rejected, gold=gold, of=of),
    ).entries()
