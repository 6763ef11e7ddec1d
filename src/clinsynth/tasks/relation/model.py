"""Sequence classification: the sentence with its markers, which the tokenizer keeps whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from clinsynth.tasks.relation.config import RelationDataset
from clinsynth.tasks.relation.gold import Relation
from clinsynth.tasks.relation.scores import devel_score, evaluate
from clinsynth.training import sequences
from clinsynth.training.module import BaseFineTuner
from clinsynth.training.sequences import Encoded, build, collator, lost

__all__ = [
    "CHECKPOINTS",
    "VERSION",
    "FineTuner",
    "build",
    "collator",
    "devel_score",
    "encode",
    "evaluate",
    "lost",
    "markers",
    "predictions",
    "record",
    "usage",
]

VERSION = "relation-1"
"""Bumped when the same data and settings would give another model."""

CHECKPOINTS = True


def markers(dataset: RelationDataset) -> dict[str, str]:
    """`@GENE$` begins as what the backbone knows of "gene"."""
    return {marker: marker.strip("@$").replace("_", " ").lower() for marker in dataset.markers}


def encode(
    examples: Sequence[Relation], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    targets = [{"labels": labels.index(example.label)} for example in examples]
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


class FineTuner(BaseFineTuner):
    """Outputs, one a sentence: probabilities [labels]."""

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().softmax(-1).cpu().numpy())


def predictions(
    examples: Sequence[Relation],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Relation]:
    """The sentences with the more probable label, and the probability of `Yes`."""
    return [
        replace(example, label=labels[int(output.argmax())], score=float(output[-1]))
        for example, output in zip(examples, outputs, strict=True)
    ]


def record(gold: Relation, *, predicted: Relation) -> dict[str, Any]:
    return {"text": gold.text, "gold": gold.label, "predicted": predicted.label, "score": predicted.score}


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'related = pipeline("text-classification", "{path}")\n'
        'related("Carriers of the @GENE$ variant had twice the odds of @DISEASE$.")'
    )
