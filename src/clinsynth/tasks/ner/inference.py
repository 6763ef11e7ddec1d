"""Finds entities in any text: its words, in windows, and spans with offsets into the text as it was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.learning.encoder.windows import inputs, ranges
from clinsynth.task import Cut, Reader, Window
from clinsynth.tasks.ner.decoding import decode, span_scores
from clinsynth.tasks.ner.rows import Rows, pooled
from clinsynth.text.entities import Span, to_spans
from clinsynth.text.sentences import sentence_places
from clinsynth.text.words import as_read, word_places

Read = list[tuple[int, int]]
"""Word and place of each piece whose output counts."""

Place = tuple[int, int]

WHOLE = False
"""A model that has learnt from single sentences finds fewer entities in longer windows (NCBI disease, sentences joined
by eight, F1: 83.2 in windows of 64 pieces, 79.0 of 192, 75.2 of 512)."""


def words(text: str) -> list[tuple[str, int, int]]:
    """Return each word as a model reads it, with its characters `start` to `end`."""
    return [(as_read(text[start:end]), start, end) for start, end in word_places(text)]


def cut(texts: Sequence[str], *, reader: Reader, whole: bool = False) -> list[Cut]:
    """Return the windows of each text, one of a text or sentence that fits.

    A word without a piece (the tokenizer drops characters) is not read; with `whole` all pieces of a word are, else its
    first one.
    """
    parts = [(number, part) for number, text in enumerate(texts) for part in _parts(text, reader=reader)]
    pieces = _pieces([part for _, part in parts], reader=reader)
    windows: list[list[Window]] = [[] for _ in texts]
    places: list[list[tuple[int, int]]] = [[] for _ in texts]
    lengths: list[list[int]] = [[] for _ in texts]
    for row, (number, found) in enumerate(parts):
        read = _read_pieces(pieces.word_ids(row), whole=whole)
        windows[number] += _windows(pieces, row, words=found, read=read, reader=reader, whole=whole)
        places[number] += [found[word][1:] for word, _ in read]
        lengths[number].append(len(read))
    return [
        Cut(text, tuple(windows[number]), tuple(places[number]), sentences=tuple(lengths[number]))
        for number, text in enumerate(texts)
    ]


def _parts(text: str, *, reader: Reader) -> list[list[tuple[str, int, int]]]:
    """Return the words of each sentence, or of all of the text; without those that have none."""
    if reader.sentences is None:
        found = [words(text)]
    else:
        found = [
            [(word, start + first, start + last) for word, first, last in words(text[start:end])]
            for start, end in sentence_places(text, language=reader.sentences)
        ]
    return [part for part in found if part]


def _windows(
    pieces: Any, row: int, *, words: Sequence[tuple[str, int, int]], read: Read, reader: Reader, whole: bool
) -> list[Window]:
    """Return a sentence in one window, or in several; `read` are the pieces that count."""
    if len(pieces["input_ids"][row]) <= reader.size:
        return [Window(inputs(pieces, row, tokenizer=reader.tokenizer), tuple(place for _, place in read))]
    lengths = np.bincount([word for word in pieces.word_ids(row) if word is not None], minlength=len(words))
    parts = ranges(lengths.tolist(), room=reader.room, overlap=reader.overlap)
    again = _pieces([words[part.start : part.stop] for part, _ in parts], reader=reader, truncation=True)
    return [
        _window(again, place, words=part, read=inner, reader=reader, whole=whole)
        for place, (part, inner) in enumerate(parts)
    ]


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(-1)


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Return spans; the score of one is the mean probability of the labels of its words."""
    if not outputs:
        return {"spans": []}
    rows = outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
    outside = labels.index("O") if "O" in labels else -1
    if (rows.argmax(-1) == outside).all():  # as most texts are
        return {"spans": []}
    sentences = of_sentences(text, rows)
    paths = decode([own for _, own in sentences], labels=labels)
    found: list[dict[str, Any]] = []
    for (places, own), path in zip(sentences, paths, strict=True):
        spans = to_spans([labels[label] for label in path])
        found += placed(spans, scores=span_scores(spans, rows=own, path=path), text=text.text, places=places)
    return {"spans": found}


def of_sentences(text: Cut, rows: Rows) -> list[tuple[Sequence[Place], Rows]]:
    """Return of each sentence the characters of its words and their probabilities, out of those of its pieces."""
    ends = list(accumulate(text.sentences or (len(rows),)))
    found: list[tuple[Sequence[Place], Rows]] = []
    for start, end in pairwise([0, *ends]):
        places = text.places[start:end]
        found.append((tuple(dict.fromkeys(places)), pooled(rows[start:end], words=places)))
    return found


def placed(
    spans: Iterable[Span], *, scores: Iterable[float], text: str, places: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """Return spans with the characters of a text that they stand at; `places` are those of the words."""
    found = []
    for span, score in zip(spans, scores, strict=True):
        start, end = places[span.start][0], places[span.end - 1][1]
        place = {"start": start, "end": end, "label": span.label, "score": round(score, 6)}
        found.append(place | {"text": text[start:end]})
    return found


def _pieces(split: Sequence[Sequence[tuple[str, int, int]]], *, reader: Reader, truncation: bool = False) -> Any:
    listed = [[word for word, _, _ in found] for found in split]
    limit = {"truncation": True, "max_length": reader.size} if truncation else {}
    return reader.tokenizer(listed, is_split_into_words=True, **limit) if listed else None


def _window(pieces: Any, row: int, *, words: range, read: range, reader: Reader, whole: bool) -> Window:
    """Return a window with the pieces that count of the words that are read in it."""
    found = tuple(place for word, place in _read_pieces(pieces.word_ids(row), whole=whole) if words[word] in read)
    return Window(inputs(pieces, row, tokenizer=reader.tokenizer), found)


def _read_pieces(words: Sequence[int | None], *, whole: bool) -> Read:
    """Return word and place of each word's first piece, or of all its pieces; `words` are those of the pieces."""
    if whole:
        return [(word, place) for place, word in enumerate(words) if word is not None]
    found: dict[int, int] = {}
    for place, word in enumerate(words):
        if word is not None and word not in found:
            found[word] = place
    return list(found.items())
