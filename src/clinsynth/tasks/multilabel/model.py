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
from transformers import AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from clinsynth.learning.encoder import sequences
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.sequences import Encoded, collator, lost
from clinsynth.tasks.multilabel.gold import Note
from clinsynth.tasks.multilabel.scores import THRESHOLD

__all__ = [
    "CHECKPOINTS",
    "Auto",
    "FineTuner",
    "build",
    "collator",
    "encode",
    "lost",
    "predictions",
    "recognises",
    "usage",
]

Auto: Any = AutoModelForSequenceClassification
CHECKPOINTS = False
"""Clinical label sets are small: a tenth of them cannot tell epochs apart, it chooses the threshold."""


def recognises(config: Any) -> bool:
    """Say whether a saved model that does not name its task gives each label a probability of its own."""
    whole = str((config.architectures or [""])[0]).endswith("SequenceClassification")
    return whole and bool(config.problem_type == "multi_label_classification")


def build(path: str, *, labels: Sequence[str], **options: Any) -> PreTrainedModel:
    return sequences.build(path, labels=labels, problem_type="multi_label_classification", **options)


def encode(
    examples: Sequence[Note], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    targets: list[dict[str, Any]] = [
        {"labels": [float(label in example.labels) for label in labels], "weight": example.weight}
        for example in examples
    ]
    for target, sure in zip(targets, sequences.confidences(examples), strict=False):
        target["sure"] = sure
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


class FineTuner(BaseFineTuner):
    """Outputs, one a text: probabilities [labels]."""

    WEIGHTED = True

    def prime(self, train: Sequence[Encoded]) -> None:
        """Set the bias of the head to the log-odds of each label (Lin et al. 2017, section 4.1).

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
        """Return the mean loss; each text counts by its weight, and where that is asked for by how sure it is."""
        logits = self._forward(batch).logits
        each = binary_cross_entropy_with_logits(logits, batch["labels"], reduction="none").mean(-1) * batch["weight"]
        sure = self._sure(batch)
        return each.mean() if sure is None else (each * sure).sum() / sure.sum().clamp(min=1e-6)

    def counted(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        sure = self._sure(batch)
        return super().counted(batch) if sure is None else sure.sum()

    def _sure(self, batch: dict[str, torch.Tensor]) -> torch.Tensor | None:
        return batch.get("sure") if self.objective.weighted else None

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().sigmoid().cpu().numpy())


def predictions(
    examples: Sequence[Note],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Note]:
    """Return the texts with the labels whose probability is at least a half, and all probabilities."""
    return [
        replace(
            example,
            labels=tuple(label for label, score in zip(labels, output, strict=True) if score >= THRESHOLD),
            scores=tuple(zip(labels, map(float, output), strict=True)),
        )
        for example, output in zip(examples, outputs, strict=True)
    ]


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'judge = pipeline("text-classification", "{path}", top_k=None)\n'
        'judge("He lines up his cars for hours and cries when one is moved.")'
    )
