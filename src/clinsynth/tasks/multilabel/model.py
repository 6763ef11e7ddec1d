"""Sequence classification with a probability for each label, independent of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from clinsynth.tasks.multilabel.config import MultilabelDataset
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import THRESHOLD, devel_score, evaluate
from clinsynth.training import sequences
from clinsynth.training.module import BaseFineTuner
from clinsynth.training.sequences import Encoded, collator, lost

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

VERSION = "multilabel-1"
"""Bumped when the same data and settings would give another model."""

CHECKPOINTS = False
"""Clinical label sets are small: a tenth of them cannot tell epochs apart, it chooses the threshold."""


def markers(dataset: MultilabelDataset) -> dict[str, str]:
    return {}


def build(path: str, *, labels: Sequence[str], **options: Any) -> PreTrainedModel:
    return sequences.build(path, labels=labels, problem_type="multi_label_classification", **options)


def encode(
    examples: Sequence[Note], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    targets = [
        {"labels": [float(label in example.labels) for label in labels], "weight": example.weight}
        for example in examples
    ]
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


class FineTuner(BaseFineTuner):
    """Outputs, one a text: probabilities [labels]."""

    def prime(self, train: Sequence[Encoded]) -> None:
        """The bias of the head is the log-odds of each label (Lin et al. 2017, section 4.1).

        Else the first steps do nothing but push all probabilities down, and take the pooled states with them.
        """
        shares = torch.tensor([item.inputs["labels"] for item in train]).mean(0).clamp(0.01, 0.99)
        heads = [
            module
            for module in self.model.modules()
            if isinstance(module, torch.nn.Linear) and module.out_features == len(shares)
        ]
        with torch.no_grad():
            heads[-1].bias.copy_(shares.logit())

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Each text counts by its weight."""
        logits = self._forward(batch).logits
        each = binary_cross_entropy_with_logits(logits, batch["labels"], reduction="none").mean(-1)
        return (each * batch["weight"]).mean()

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().sigmoid().cpu().numpy())


def predictions(
    examples: Sequence[Note],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Note]:
    """The texts with the labels whose probability is at least a half, and all probabilities."""
    return [
        replace(
            example,
            labels=tuple(label for label, score in zip(labels, output, strict=True) if score >= THRESHOLD),
            scores=tuple(zip(labels, map(float, output), strict=True)),
        )
        for example, output in zip(examples, outputs, strict=True)
    ]


def record(gold: Note, *, predicted: Note) -> dict[str, Any]:
    return {
        "text": gold.text,
        "gold": list(gold.labels),
        "predicted": list(predicted.labels),
        "scores": {label: round(score, 4) for label, score in predicted.scores},
    }


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'judge = pipeline("text-classification", "{path}", top_k=None)\n'
        'judge("He lines up his cars for hours and cries when one is moved.")'
    )
