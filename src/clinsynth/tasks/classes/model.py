"""Sequence classification: one class of several, with the markers of a text kept whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification

from clinsynth.learning.encoder.sequences import Encoded, build, collator, lost
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.one_label import FineTuner, encode

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

CHECKPOINTS = True
Auto: Any = AutoModelForSequenceClassification


def recognises(config: Any) -> bool:
    """Say no: every saved model of this task names it."""
    return False


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
