"""Several corpora as one, such as those that different LLMs wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from clinsynth.analysis.variety import compare
from clinsynth.corpora.storage import EXAMPLES, REJECTED, Corpus
from clinsynth.files.json_lines import read_json_lines, write_json_lines
from clinsynth.quality.filters import folded
from clinsynth.task import Examples
from clinsynth.types import Gold


def merge(folder: Path, corpora: Sequence[Corpus], *, gold: Gold, of: Examples) -> dict[str, Any]:
    """Write the examples in turns, so that a first part holds as many of each; returns the manifest.

    What stands in gold test, or in a corpus before, is rejected: each was made without the other.
    """
    test = {folded(of.words(example)) for example in gold.held_out}
    seen: dict[tuple[str, ...], str] = {}
    kept: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    turns = zip_longest(*(_rows(corpus) for corpus in corpora))
    for row, example, digest in filter(None, chain.from_iterable(turns)):
        text = folded(of.words(example))
        reason, detail = ("test_copy", "") if text in test else ("duplicate", f"of one in {seen.get(text)}")
        if text in test or text in seen:
            rejected.append(row | {"reason": reason, "detail": detail})
        else:
            seen[text] = digest
            kept.append(row)
    write_json_lines(folder / EXAMPLES, kept)
    write_json_lines(folder / REJECTED, rejected)
    first, examples = corpora[0].manifest, [of.from_json(row) for row in kept]
    units = len({unit for corpus in corpora for unit in corpus.units})
    return {
        "task": first["task"],
        "labels": first["labels"],
        "dataset": first["dataset"],
        "public": all(corpus.manifest.get("public", False) for corpus in corpora),
        "licence": "; ".join(sorted({corpus.manifest.get("licence", "unknown") for corpus in corpora})),
        "meanings": first.get("meanings", {}),
        "models": sorted({model for corpus in corpora for model in corpus.manifest["models"]}),
        "prompt": first["prompt"],
        "annotator": first["annotator"],
        "corpora": [corpus.digest for corpus in corpora],
        "counts": {"units": units, "parsed": len(kept) + len(rejected), "kept": len(kept), "not needed": 0},
        "rejected": dict(Counter(row["reason"] for row in rejected).most_common()),
        "short": {},
        "described": of.describe(examples),
        "statistics": compare(examples, gold=gold.train or gold.test, of=of),
    }


def _rows(corpus: Corpus) -> list[tuple[dict[str, Any], Any, str]]:
    """Row, example and digest of each example."""
    found = read_json_lines(corpus.folder / EXAMPLES)
    return [(row, example, corpus.digest) for row, example in zip(found, corpus.examples, strict=True)]
