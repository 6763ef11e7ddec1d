"""Finds entities in any text: its words, in windows, and spans with offsets into the text as it was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.learning.encoder.windows import inputs, ranges
from clinsynth.task import Cut, Reader, Window
from clinsynth.tasks.ner.decoding import decode, span_scores
from clinsynth.text.entities import to_spans
from clinsynth.text.words import as_read, word_places

WHOLE = False
"""A model that has learnt from single sentences finds fewer entities in longer windows (NCBI disease, sentences joined
by eight, F1: 83.2 in windows of 64 pieces, 79.0 of 192, 75.2 of 512)."""


def words(text: str) -> list[tuple[str, int, int]]:
    """Return each word as a model reads it, with its characters `start` to `end`."""
    return [(as_read(text[start:end]), start, end) for start, end in word_places(text)]


def cut(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    """Return one window of a text that fits; a word without a piece (the tokenizer drops characters) is not read."""
    split = [words(text) for text in texts]
    full = [number for number, found in enumerate(split) if found]
    pieces = _pieces([split[number] for number in full], reader=reader)
    cuts = [Cut(text, ()) for text in texts]
    for row, number in enumerate(full):
        found = split[number]
        lengths = np.bincount([word for word in pieces.word_ids(row) if word is not None], minlength=len(found))
        if len(pieces["input_ids"][row]) <= reader.size:
            parts = [(range(len(found)), range(len(found)))]
            windows = [_window(pieces, row, words=parts[0][0], read=parts[0][1], reader=reader)]
        else:
            parts = ranges(lengths.tolist(), room=reader.room, overlap=reader.overlap)
            again = _pieces([found[part.start : part.stop] for part, _ in parts], reader=reader, truncation=True)
            windows = [
                _window(again, place, words=part, read=read, reader=reader) for place, (part, read) in enumerate(parts)
            ]
        places = tuple(found[word][1:] for word in range(len(found)) if lengths[word])
        cuts[number] = Cut(texts[number], tuple(windows), places)
    return cuts


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(-1)


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Return spans; the score of one is the mean probability of the labels of its words."""
    if not outputs:
        return {"spans": []}
    scores = np.concatenate(outputs)
    (path,) = decode([scores], labels=labels)
    spans = to_spans([labels[label] for label in path])
    found = []
    for span, score in zip(spans, span_scores(spans, rows=scores, path=path), strict=True):
        start, end = text.places[span.start][0], text.places[span.end - 1][1]
        found.append(
            {"start": start, "end": end, "label": span.label, "score": round(score, 6), "text": text.text[start:end]}
        )
    return {"spans": found}


def _pieces(split: Sequence[Sequence[tuple[str, int, int]]], *, reader: Reader, truncation: bool = False) -> Any:
    listed = [[word for word, _, _ in found] for found in split]
    limit = {"truncation": True, "max_length": reader.size} if truncation else {}
    return reader.tokenizer(listed, is_split_into_words=True, **limit) if listed else None


def _window(pieces: Any, row: int, *, words: range, read: range, reader: Reader) -> Window:
    """Return a window with the first pieces of the words that are read in it."""
    first: dict[int, int] = {}
    for place, word in enumerate(pieces.word_ids(row)):
        if word is not None:
            first.setdefault(words[word], place)
    found = tuple(place for word, place in first.items() if word in read)
    return Window(inputs(pieces, row, tokenizer=reader.tokenizer), found)
