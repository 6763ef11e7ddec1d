"""Sequence classification: one class of several, with the markers of a text kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerBase

from clinsynth.learning.encoder import sequences
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.sequences import Encoded, build, collator, lost
from clinsynth.tasks.classes.examples import Classified

__all__ = [
    "CHECKPOINTS",
    "VERSION",
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

VERSION = "classes-1"
"""Bumped when the same data and settings would give another model."""

CHECKPOINTS = True
Auto: Any = AutoModelForSequenceClassification


def recognises(config: Any) -> bool:
    """Say no: every saved model of this task names it."""
    return False


def encode(
    examples: Sequence[Classified], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    targets = [{"labels": labels.index(example.label)} for example in examples]
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


class FineTuner(BaseFineTuner):
    """Outputs, one a text: probabilities [classes]."""

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().softmax(-1).cpu().numpy())


def predictions(
    examples: Sequence[Classified],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Classified]:
    """Return the texts with the most probable class, and the probabilities of all."""
    return [
        replace(
            example,
            label=labels[int(output.argmax())],
            scores=tuple(zip(labels, map(float, output), strict=True)),
        )
        for example, output in zip(examples, outputs, strict=True)
    ]


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'classify = pipeline("text-classification", "{path}", top_k=None)\n'
        'classify("A text of the kind that it has learnt from.")'
    )
