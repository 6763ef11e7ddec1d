"""Token classification: the first piece of a word carries its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from clinsynth.learning.encoder.module import IGNORED, BaseFineTuner
from clinsynth.tasks.ner.decoding import decode, span_scores
from clinsynth.text.entities import Sentence, to_spans

VERSION = "ner-2"
"""Bumped when the same data and settings would give another model."""

CHECKPOINTS = True
Auto: Any = AutoModelForTokenClassification


@dataclass(frozen=True)
class Encoded:
    """Model inputs of a sentence; `words` are the words whose first piece is inside it, in order."""

    inputs: dict[str, list[int]]
    words: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.inputs["input_ids"])


def recognises(config: Any) -> bool:
    """Say whether a saved model that does not name its task has a head for tokens."""
    return str((config.architectures or [""])[0]).endswith("TokenClassification")


def build(path: str, *, labels: Sequence[str], **options: Any) -> PreTrainedModel:
    return AutoModelForTokenClassification.from_pretrained(
        path,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **options,
    )


def encode(
    examples: Sequence[Sentence], *, tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Encoded]:
    """Return word pieces with labels; pieces inside a word, special ones and padding are ignored."""
    if not examples:
        return []
    index = {label: number for number, label in enumerate(labels)}
    pieces = tokenizer(
        [list(example.tokens) for example in examples],
        is_split_into_words=True,
        truncation=True,
        max_length=max_length,
    )
    encoded = []
    for row, example in enumerate(examples):
        tags = example.tags
        targets, words = [], []
        previous = None
        for word in pieces.word_ids(row):
            first = word is not None and word != previous
            targets.append(index[tags[word]] if first else IGNORED)
            if first:
                words.append(word)
            previous = word
        inputs = {name: pieces[name][row] for name in tokenizer.model_input_names if name in pieces}
        encoded.append(Encoded(inputs | {"labels": targets}, tuple(words)))
    return encoded


def lost(examples: Sequence[Sentence], *, encoded: Sequence[Encoded]) -> int:
    """Return how many words have no piece: behind `max_length`, or of characters that the tokenizer drops."""
    return sum(len(example.tokens) - len(item.words) for example, item in zip(examples, encoded, strict=True))


def collator(tokenizer: PreTrainedTokenizerBase) -> DataCollatorForTokenClassification:
    return DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)


class FineTuner(BaseFineTuner):
    """Trains a tagger; outputs, one a sentence: probabilities [words with a piece, labels]."""

    def outputs(self, logits: torch.Tensor, batch: dict[str, torch.Tensor]) -> list[NDArray[np.float32]]:
        probabilities = logits.float().softmax(-1).cpu().numpy()
        first = (batch["labels"] != IGNORED).cpu().numpy()
        return [row[mask] for row, mask in zip(probabilities, first, strict=True)]


def predictions(
    examples: Sequence[Sentence],
    *,
    encoded: Sequence[Encoded],
    outputs: Sequence[NDArray[np.float32]],
    labels: Sequence[str],
) -> list[Sentence]:
    """Return the words of `examples` with predicted spans; a word without a piece is outside."""
    outside = np.eye(len(labels), dtype=np.float32)[labels.index("O")]
    words = []
    for example, item, output in zip(examples, encoded, outputs, strict=True):
        rows = np.tile(outside, (len(example.tokens), 1))
        for word, row in zip(item.words, output, strict=True):
            rows[word] = row
        words.append(rows)
    found = []
    for example, rows, path in zip(examples, words, decode(words, labels=labels), strict=True):
        spans = to_spans([labels[label] for label in path])
        found.append(example.marked(spans, scores=span_scores(spans, rows=rows, path=path)))
    return found


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'find = pipeline("token-classification", "{path}", aggregation_strategy="first")\n'
        'find("She was diagnosed with ataxia-telangiectasia.")'
    )
