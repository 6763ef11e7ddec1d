"""Model inputs of texts that are classified as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)


@dataclass(frozen=True)
class Encoded:
    """Model inputs of a text, with its targets."""

    inputs: dict[str, Any]
    words_lost: int
    """Words behind `max_length`."""

    def __len__(self) -> int:
        return len(self.inputs["input_ids"])


def encode(
    texts: Sequence[str], targets: Sequence[dict[str, Any]], *, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> list[Encoded]:
    """Return the word pieces of each text, joined with its targets (`labels`, `weight`)."""
    if not texts:
        return []
    pieces = tokenizer(list(texts), truncation=True, max_length=max_length, return_offsets_mapping=True)
    encoded = []
    for row, (text, target) in enumerate(zip(texts, targets, strict=True)):
        end = max(stop for _, stop in pieces["offset_mapping"][row])
        lost = len(text[end:].split()) if len(pieces["input_ids"][row]) >= max_length else 0
        inputs = {name: pieces[name][row] for name in tokenizer.model_input_names if name in pieces}
        encoded.append(Encoded(inputs | target, lost))
    return encoded


def confidences(examples: Sequence[Any]) -> list[float]:
    """Return how sure the label of each text is, 1 where nobody says; empty where nobody says so of any."""
    if all(example.confidence is None for example in examples):
        return []
    return [1.0 if example.confidence is None else example.confidence for example in examples]


def lost(examples: Sequence[Any], *, encoded: Sequence[Encoded]) -> int:
    """Return how many words of the examples the encoding cut off."""
    return sum(item.words_lost for item in encoded)


def collator(tokenizer: PreTrainedTokenizerBase) -> DataCollatorWithPadding:
    return DataCollatorWithPadding(tokenizer)


def build(path: str, *, labels: Sequence[str], **options: Any) -> PreTrainedModel:
    """Return the backbone with a fresh head for a text; `options` go to `from_pretrained`."""
    return AutoModelForSequenceClassification.from_pretrained(
        path,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **options,
    )
