"""Span classification: each run of words up to a limit is a mention or none; mentions may lie in each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForTokenClassification, PreTrainedModel, PreTrainedTokenizerBase

from clinsynth.learning.encoder.module import IGNORED, BaseFineTuner
from clinsynth.tasks.ner import model
from clinsynth.tasks.ner.model import Encoded, lost
from clinsynth.tasks.ner.spans import found_spans, outputs_of, span_logits, targets
from clinsynth.text.entities import Sentence, types_of_labels

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
Auto: Any = AutoModelForTokenClassification


def recognises(config: Any) -> bool:
    """Say no: a saved model of this kind names its head."""
    return False


def build(path: str, *, labels: Sequence[str], **options: Any) -> PreTrainedModel:
    return AutoModelForTokenClassification.from_pretrained(
        path, num_labels=outputs_of(len(types_of_labels(labels))), **options
    )


def encode(
    examples: Sequence[Sentence], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    """Return word pieces in which the first one of each word is marked, with the spans that lie in its window."""
    types = types_of_labels(labels)
    found = []
    for item in model.encode(examples, tokenizer=tokenizer, labels=labels, max_length=max_length):
        spans = targets(examples[item.example].spans, words=item.words, types=types)
        first = [label if label == IGNORED else 0 for label in item.inputs["labels"]]
        inputs: dict[str, Any] = {**item.inputs, "labels": first, "spans": spans}
        if "open" in inputs:
            inputs["open"] = [name in examples[item.example].unlabelled for name in types]
        found.append(replace(item, inputs=inputs))
    return found


def collator(tokenizer: PreTrainedTokenizerBase) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """Return a callable that pads pieces, and spans with -1."""
    return partial(_collate, pad=model.collator(tokenizer))


def _collate(items: list[dict[str, Any]], *, pad: Callable[..., Any]) -> dict[str, torch.Tensor]:
    spans = [torch.tensor(item["spans"], dtype=torch.long).reshape(-1, 3) for item in items]
    batch = pad([{k: v for k, v in item.items() if k != "spans"} for item in items])
    return dict(batch) | {"spans": pad_sequence(spans, batch_first=True, padding_value=-1)}


class FineTuner(BaseFineTuner):
    """Trains a span classifier; outputs, one a window: what the head says of its words [words, outputs]."""

    OWN = BaseFineTuner.OWN | {"labels", "spans"}
    OF_WORDS = True

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the cross-entropy of all spans, for each word of the batch."""
        logits = self._forward(batch).logits.float()
        first = batch["labels"] != IGNORED
        opened = batch["open"].bool() if "open" in batch else [None] * len(logits)
        losses = [
            _loss(row[mask], spans[spans[:, 0] >= 0], opened=types)
            for row, mask, spans, types in zip(logits, first, batch["spans"], opened, strict=True)
        ]
        return torch.stack(losses).sum() / first.sum().clamp(min=1)

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        rows = logits.float().cpu().numpy()
        first = (batch["labels"] != IGNORED).cpu().numpy()
        return [row[mask] for row, mask in zip(rows, first, strict=True)]


def _loss(words: torch.Tensor, spans: torch.Tensor, *, opened: torch.Tensor | None) -> torch.Tensor:
    """Return the summed cross-entropy of the spans of a window, but for those of types that nobody has marked."""
    scores = span_logits(words)
    wanted = torch.zeros_like(scores)
    wanted[spans[:, 0], spans[:, 1], spans[:, 2]] = 1.0
    there = scores.isfinite() if opened is None else scores.isfinite() & ~opened
    return binary_cross_entropy_with_logits(scores[there], wanted[there], reduction="sum")


def predictions(
    examples: Sequence[Sentence],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Sentence]:
    """Return the words of `examples` with predicted spans; a word without a piece is in none."""
    read: list[list[int]] = [[] for _ in examples]
    rows: list[list[NDArray[np.float32]]] = [[] for _ in examples]
    for item, output in zip(encoded, outputs, strict=True):
        read[item.example] += item.words
        rows[item.example].append(output)
    types = types_of_labels(labels)
    found = []
    for example, words, parts in zip(examples, read, rows, strict=True):
        spans, scores = found_spans(np.concatenate(parts), types=types) if parts else ([], [])
        placed = [replace(span, start=words[span.start], end=words[span.end - 1] + 1) for span in spans]
        found.append(example.predicted(placed, scores=scores))
    return found


def usage(path: Path) -> str:
    """Return a command: other libraries do not know the head for spans."""
    return f"# clinsynth predict model={path} input=notes output=spans.jsonl"
