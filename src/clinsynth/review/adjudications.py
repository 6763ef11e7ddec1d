"""Labels of test rows that come with the project: LLM annotators gave them, each alone. They hold no text.

A row is found by the sha256 of its text, in whichever split of the fold at hand it stands.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.config import DatasetConfig
from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import read_json_lines
from clinsynth.files.sources import resolve
from clinsynth.review.agreement import fleiss
from clinsynth.review.verdicts import Judgement
from clinsynth.types import Adjudication, Gold

PREFIX = 16
"""Hex digits of a row's sha256."""


@dataclass(frozen=True)
class Shipped:
    """What a file of labels makes of gold."""

    path: Path
    digest: str
    judgements: tuple[Judgement, ...]
    """Of the rows that no recorded prompt shows."""
    summary: Adjudication


def judged(dataset: DatasetConfig, *, gold: Gold) -> Shipped:
    """Return the labels of a dataset's test rows; raises DataFormatError where gold lacks one of their texts."""
    assert dataset.adjudicated is not None
    path = resolve(dataset.adjudicated)
    rows = list(read_json_lines(path))
    examples = {_name(example.text): example for split in (gold.devel, gold.train, gold.test) for example in split}
    absent = [row for row in rows if row["text_sha256"] not in examples]
    if absent:
        raise DataFormatError(
            f"{path}: {len(absent)} of {len(rows)} rows that were labelled anew are not in the gold files of "
            f"{dataset.name}, which are others than those that the labels are of. Take dataset.test=gold, or label "
            f"rows of these: `clinsynth review action=export dataset={dataset.name}`."
        )
    judgements = [_judgement(row, examples[row["text_sha256"]]) for row in rows]
    summary = Adjudication(
        annotators=len(rows[0]["answers"]),
        rows=len(rows),
        shown=sum(row["shown"] for row in rows),
        stands=sum(bool(one.agrees) for one in judgements),
        kappa=fleiss([list(row["answers"].values()) for row in rows]),
    )
    kept = [one for row, one in zip(rows, judgements, strict=True) if not row["shown"]]
    return Shipped(path, hashlib.sha256(path.read_bytes()).hexdigest(), tuple(kept), summary)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:PREFIX]


def _judgement(row: Mapping[str, Any], example: Any) -> Judgement:
    answer = row["majority"]
    return Judgement(
        f"fold {row['fold']}, row {row['test_index']}",
        place=None,
        text=example.text,
        group=example.label,
        given=example.label,
        answer=answer,
        agrees=answer == example.label,
        disputed=answer is None,
        votes=dict(Counter(row["answers"].values()).most_common()),
    )
