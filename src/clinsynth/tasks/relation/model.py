"""Sequence classification: the sentence with its markers, which the tokenizer keeps whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification

from clinsynth.learning.encoder.sequences import Encoded, build, collator, lost
from clinsynth.tasks.one_label import FineTuner, encode
from clinsynth.tasks.relation.gold import Relation

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
    """Say whether a saved model that does not name its task chooses one label of a text."""
    whole = str((config.architectures or [""])[0]).endswith("SequenceClassification")
    return whole and bool(config.problem_type != "multi_label_classification")


def predictions(
    examples: Sequence[Relation],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Relation]:
    """Return the sentences with the more probable label, and the probability of `Yes`."""
    return [
        replace(example, label=labels[int(output.argmax())], score=float(output[-1]))
        for example, output in zip(examples, outputs, strict=True)
    ]


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'related = pipeline("text-classification", "{path}")\n'
        'related("Carriers of the @GENE$ variant had twice the odds of @DISEASE$.")'
    )
