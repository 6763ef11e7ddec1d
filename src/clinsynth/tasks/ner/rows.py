"""A tagger's outputs as probabilities of each word's labels, and these as sentences with entities."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.tasks.ner.decoding import LEAST, decode, span_scores
from clinsynth.text.entities import Sentence, to_spans

SEPARATE = False

Rows = NDArray[np.float32]
"""Probabilities [words, labels]."""


def rows(
    examples: Sequence[Sentence], *, encoded: Sequence[Any], outputs: Sequence[Rows], labels: Sequence[str]
) -> list[Rows]:
    """Return the probabilities of each sentence's words; a word without a piece is outside.

    `encoded` are sentences or windows of some, with the word of each output; the pieces of a word speak together.
    """
    outside = np.eye(len(labels), dtype=np.float32)[labels.index("O")]
    found = [np.tile(outside, (len(example.tokens), 1)) for example in examples]
    for item, output in zip(encoded, outputs, strict=True):
        for word, row in zip(dict.fromkeys(item.words), pooled(output, words=item.words), strict=True):
            found[item.example][word] = row
    return found


def read_rows(examples: Sequence[Sentence], *, rows: Sequence[Rows], labels: Sequence[str]) -> list[Sentence]:
    """Return the sentences with the spans of the likeliest valid tags."""
    found = []
    for example, own, path in zip(examples, rows, decode(rows, labels=labels), strict=True):
        spans = to_spans([labels[label] for label in path])
        found.append(example.predicted(spans, scores=span_scores(spans, rows=own, path=path)))
    return found


def targets(example: Sentence, *, labels: Sequence[str]) -> list[int]:
    """Return the number of each word's tag."""
    return [labels.index(tag) for tag in example.tags]


def called(example: Sentence, number: int, *, labels: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the word, and its tags."""
    return f"'{example.tokens[number]}'", labels


def pooled(output: Rows, *, words: Sequence[Hashable]) -> Rows:
    """Return a row a word: of neighbours that are pieces of one word the geometric mean, which sums to 1 again."""
    if len(set(words)) == len(words):
        return output
    begins = [place for place, word in enumerate(words) if place == 0 or words[place - 1] != word]
    numbers = np.diff([*begins, len(words)])[:, None]
    mean = np.exp(np.add.reduceat(np.log(np.maximum(output, LEAST)), begins, axis=0) / numbers)
    found: Rows = (mean / mean.sum(-1, keepdims=True)).astype(np.float32)
    return found
