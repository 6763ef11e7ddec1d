"""Token classification: the first piece of a word carries its label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import one_hot
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from clinsynth.learning.encoder.module import IGNORED, BaseFineTuner
from clinsynth.learning.encoder.windows import ranges
from clinsynth.tasks.ner.decoding import decode, span_scores
from clinsynth.text.entities import Sentence, to_spans

CHECKPOINTS = True
Auto: Any = AutoModelForTokenClassification


OVERLAP = 0.25
"""Share of a window that it has in common with the next one."""


@dataclass(frozen=True)
class Encoded:
    """Model inputs of a sentence, or of a window of one; `words` are those whose labels are learnt in it, in order."""

    inputs: dict[str, list[int]]
    words: tuple[int, ...]
    example: int = 0
    """The place of its sentence."""

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
    """Return word pieces with labels; pieces inside a word, special ones and padding are ignored.

    A sentence of a document that is longer than `max_length` has several windows, others are cut off. Where a sentence
    has types that nobody has marked, each of them says which labels a word outside may have, too (`open`).
    """
    index = {label: number for number, label in enumerate(labels)}
    parts = list(_parts(examples, tokenizer=tokenizer, max_length=max_length))
    if not parts:
        return []
    pieces = tokenizer(
        [examples[row].tokens[words.start : words.stop] for row, words, _ in parts],
        is_split_into_words=True,
        truncation=True,
        max_length=max_length,
    )
    partial = any(example.unlabelled for example in examples)
    encoded = []
    for place, (row, inside, read) in enumerate(parts):
        tags = examples[row].tags
        first = _first_pieces(pieces.word_ids(place), inside=inside, read=read)
        targets = [IGNORED if word is None else index[tags[word]] for word in first]
        inputs = {name: pieces[name][place] for name in tokenizer.model_input_names if name in pieces}
        inputs |= {"labels": targets}
        if partial:
            inputs |= {"open": [label[2:] in examples[row].unlabelled for label in labels]}
        encoded.append(Encoded(inputs, tuple(word for word in first if word is not None), row))
    return encoded


def _first_pieces(numbers: Sequence[int | None], *, inside: range, read: range) -> list[int | None]:
    """Return for each piece the word that it is the first of, where that is read; `numbers` count from the window's."""
    words = [None if number is None else inside[number] for number in numbers]
    return [
        word if word is not None and word != before and word in read else None
        for before, word in pairwise([None, *words])
    ]


def _parts(
    examples: Sequence[Sentence], *, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Iterator[tuple[int, range, range]]:
    """Yield the place of each sentence with the words of a window, and those of them that are learnt in it."""
    room = max_length - int(tokenizer.num_special_tokens_to_add())
    for row, example in enumerate(examples):
        words = range(len(example.tokens))
        if example.origin is None:
            yield row, words, words
            continue
        pieces = tokenizer(list(example.tokens), is_split_into_words=True, add_special_tokens=False)
        lengths = np.bincount([word for word in pieces.word_ids() if word is not None], minlength=len(words))
        for inside, read in ranges(lengths.tolist(), room=room, overlap=OVERLAP):
            yield row, inside, read


def lost(examples: Sequence[Sentence], *, encoded: Sequence[Encoded]) -> int:
    """Return how many words have no piece: behind `max_length`, or of characters that the tokenizer drops."""
    return sum(len(example.tokens) for example in examples) - sum(len(item.words) for item in encoded)


def collator(tokenizer: PreTrainedTokenizerBase) -> DataCollatorForTokenClassification:
    return DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)


class FineTuner(BaseFineTuner):
    """Trains a tagger; outputs, one a sentence: probabilities [words with a piece, labels]."""

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the mean cross-entropy of the words; one outside may be of a type that its sentence leaves open.

        Then its loss is that of the labels it may have together (Greenberg et al. 2018): `O` and those of open types.
        """
        if "open" not in batch:
            return super().loss(batch)
        learnt = batch["labels"] != IGNORED
        logits, wanted = self._forward(batch).logits.float()[learnt], batch["labels"][learnt]
        opened = batch["open"].bool()[:, None].expand(*learnt.shape, -1)[learnt]
        outside = self.model.config.label2id["O"]
        allowed = one_hot(wanted, logits.shape[-1]).bool() | (opened & (wanted == outside)[:, None])
        likelihood: torch.Tensor = logits.log_softmax(-1).masked_fill(~allowed, -torch.inf).logsumexp(-1)
        return -likelihood.mean()

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
    words = [np.tile(outside, (len(example.tokens), 1)) for example in examples]
    for item, output in zip(encoded, outputs, strict=True):
        for word, row in zip(item.words, output, strict=True):
            words[item.example][word] = row
    found = []
    for example, rows, path in zip(examples, words, decode(words, labels=labels), strict=True):
        spans = to_spans([labels[label] for label in path])
        found.append(example.predicted(spans, scores=span_scores(spans, rows=rows, path=path)))
    return found


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'find = pipeline("token-classification", "{path}", aggregation_strategy="first")\n'
        'find("She was diagnosed with ataxia-telangiectasia.")'
    )
