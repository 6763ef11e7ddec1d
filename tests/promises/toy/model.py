"""How an encoder learns the toy, and reads texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from clinsynth.tasks.toy.toy import Labelled
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification

from clinsynth.learning.encoder import sequences, whole_texts
from clinsynth.learning.encoder.module import BaseFineTuner
from clinsynth.learning.encoder.sequences import Encoded, build, collator, lost
from clinsynth.task import Cut, Reader

__all__ = [
    "CHECKPOINTS",
    "WHOLE",
    "Auto",
    "FineTuner",
    "answer",
    "build",
    "collator",
    "cut",
    "encode",
    "lost",
    "predictions",
    "probabilities",
    "recognises",
    "usage",
]

CHECKPOINTS = True
WHOLE = True
Auto: Any = AutoModelForSequenceClassification


class FineTuner(BaseFineTuner):
    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        return list(logits.float().softmax(-1).cpu().numpy())


def recognises(config: Any) -> bool:
    return False


def encode(examples: Sequence[Labelled], *, tokenizer: Any, labels: Sequence[str], max_length: int) -> list[Encoded]:
    targets = [{"labels": labels.index(example.label)} for example in examples]
    return sequences.encode([example.text for example in examples], targets, tokenizer=tokenizer, max_length=max_length)


def predictions(
    examples: Sequence[Labelled], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Sequence[str]
) -> list[Labelled]:
    return [
        replace(example, label=labels[int(output.argmax())]) for example, output in zip(examples, outputs, strict=True)
    ]


def usage(path: Path) -> str:
    return f'from transformers import pipeline\n\npipeline("text-classification", "{path}")'


def cut(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    return whole_texts.overlapping(texts, reader=reader)


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(-1)


def answer(text: Cut, *, outputs: Sequence[Any], labels: Sequence[str]) -> dict[str, Any]:
    return whole_texts.labelled(outputs, labels=labels, together=np.mean)
