"""Token classification: the first piece of a word carries its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import one_hot
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from clinsynth.learning.encoder.module import IGNORED, BaseFineTuner
from clinsynth.learning.encoder.objective import LOSSES
from clinsynth.learning.encoder.windows import ranges
from clinsynth.tasks.ner.rows import read_rows, rows
from clinsynth.text.entities import Sentence

CHECKPOINTS = True
Auto: Any = AutoModelForTokenClassification


OVERLAP = 0.25
"""Share of a window that it has in common with the next one."""

COUNTED = ("shares", "weights")
"""How much a piece counts in the loss: its share in its word, and how sure its label is."""


@dataclass(frozen=True)
class Encoded:
    """Model inputs of a sentence, or of a window of one."""

    inputs: dict[str, list[Any]]
    words: tuple[int, ...]
    """The word of each piece that is learnt, in order."""
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
    examples: Sequence[Sentence],
    *,
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    max_length: int,
    whole: bool = False,
) -> list[Encoded]:
    """Return word pieces with labels; pieces inside a word, special ones and padding are ignored.

    With `whole` all pieces of a word are learnt, each with its share (`shares`). Where somebody says how sure the
    labels are, every word has its confidence (`weights`). A sentence of a document that is longer than `max_length` has
    several windows, others are cut off. Where a sentence has types that nobody has marked, each of them says which
    labels a word outside may have, too (`open`).
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
    unsure = any(example.confidence for example in examples)
    encoded = []
    for place, (row, inside, read) in enumerate(parts):
        tags = examples[row].tags
        first = _learnt_pieces(pieces.word_ids(place), inside=inside, read=read, whole=whole)
        targets = [IGNORED if word is None else index[tags[word]] for word in first]
        inputs = {name: pieces[name][place] for name in tokenizer.model_input_names if name in pieces}
        inputs |= {"labels": targets}
        if whole:
            inputs |= {"shares": _shares(first)}
        if unsure:
            sure = examples[row].confidence or (1.0,) * len(tags)
            inputs |= {"weights": [0.0 if word is None else sure[word] for word in first]}
        if partial:
            inputs |= {"open": [label[2:] in examples[row].unlabelled for label in labels]}
        encoded.append(Encoded(inputs, tuple(word for word in first if word is not None), row))
    return encoded


def _learnt_pieces(
    numbers: Sequence[int | None], *, inside: range, read: range, whole: bool = False
) -> list[int | None]:
    """Return for each piece the word that it is the first of, where that is read; with `whole` that it is any of.

    `numbers` count from the window's first word.
    """
    words = [None if number is None else inside[number] for number in numbers]
    return [
        word if word is not None and (whole or word != before) and word in read else None
        for before, word in pairwise([None, *words])
    ]


def _shares(words: Sequence[int | None]) -> list[float]:
    """Return the share that each piece has in its word."""
    pieces = Counter(words)
    return [0.0 if word is None else 1 / pieces[word] for word in words]


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
    return sum(len(example.tokens) for example in examples) - sum(len(set(item.words)) for item in encoded)


def collator(tokenizer: PreTrainedTokenizerBase) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """Return a callable that pads pieces with ignored labels, and what they count with 0."""
    return partial(_collate, pad=DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED))


def _collate(items: list[dict[str, Any]], *, pad: Callable[..., Any]) -> dict[str, torch.Tensor]:
    counted = [name for name in COUNTED if name in items[0]]
    batch = dict(pad([{name: item[name] for name in item if name not in counted} for item in items]))
    return batch | {
        name: pad_sequence([torch.tensor(item[name]) for item in items], batch_first=True) for name in counted
    }


class FineTuner(BaseFineTuner):
    """Trains a tagger; outputs, one a sentence: probabilities [pieces that are learnt, labels]."""

    LOSSES = LOSSES
    WEIGHTED = True
    OF_WORDS = True

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the mean loss of the words; one outside may be of a type that its sentence leaves open.

        Then its loss is that of the labels it may have together (Greenberg et al. 2018): `O` and those of open types.
        """
        counted = self._weights(batch)
        if self.objective.plain and not counted and "open" not in batch:
            return super().loss(batch)
        learnt = batch["labels"] != IGNORED
        logits, wanted = self._forward(batch).logits.float()[learnt], batch["labels"][learnt]
        allowed = one_hot(wanted, logits.shape[-1]).bool()
        if "open" in batch:
            opened = batch["open"].bool()[:, None].expand(*learnt.shape, -1)[learnt]
            allowed |= opened & (wanted == self.model.config.label2id["O"])[:, None]
        likelihood = logits.log_softmax(-1).masked_fill(~allowed, -torch.inf).logsumexp(-1)
        return self.objective.mean(likelihood, weights=[batch[name][learnt] for name in counted])

    def counted(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        each = (batch["labels"] != IGNORED).float()
        for name in self._weights(batch):
            each = each * batch[name]
        return each.sum()

    def _weights(self, batch: dict[str, torch.Tensor]) -> list[str]:
        """Return the names of what its words count by."""
        return [name for name in COUNTED if name in batch and (name == "shares" or self.objective.weighted)]

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
    return read_rows(examples, rows=rows(examples, encoded=encoded, outputs=outputs, labels=labels), labels=labels)


def usage(path: Path) -> str:
    return (
        "from transformers import pipeline\n\n"
        f'find = pipeline("token-classification", "{path}", aggregation_strategy="first")\n'
        'find("She was diagnosed with ataxia-telangiectasia.")'
    )
