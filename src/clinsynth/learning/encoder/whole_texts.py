"""Windows of texts that are classified as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.learning.encoder.windows import inputs
from clinsynth.task import Cut, Reader, Window


def overlapping(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    """Return windows that hold all of each text."""
    if not texts:
        return []
    pieces = reader.tokenizer(
        list(texts),
        truncation=True,
        max_length=reader.size,
        stride=int(reader.overlap * reader.room),
        return_overflowing_tokens=True,
    )
    found: list[list[Window]] = [[] for _ in texts]
    for row, text in enumerate(pieces["overflow_to_sample_mapping"]):
        found[text].append(Window(inputs(pieces, row, tokenizer=reader.tokenizer)))
    return [
        Cut(text, tuple(windows)) if text.strip() else Cut(text, (), error="there is no text")
        for text, windows in zip(texts, found, strict=True)
    ]


def around(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    """Return one window of each text, with the markers in its middle where there is more text than room."""
    if not texts:
        return []
    errors = [_fault(text, reader=reader) for text in texts]
    pieces = reader.tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True)
    parts = list(texts)
    for row, text in enumerate(texts):
        places = pieces["offset_mapping"][row]
        if errors[row] or len(places) <= reader.room:
            continue
        starts = [text.index(marker) for marker in reader.markers]
        ends = [start + len(marker) for start, marker in zip(starts, reader.markers, strict=True)]
        inside = [number for number, (start, end) in enumerate(places) if end > min(starts) and start < max(ends)]
        spare = reader.room - len(inside)
        if spare < 0:
            errors[row] = f"more than {reader.room} word pieces from {' to '.join(reader.markers)}"
            continue
        first = min(max(0, inside[0] - spare // 2), len(places) - reader.room)
        while first < inside[0] and not text[places[first][0] - 1].isspace():
            first += 1  # to the beginning of a word, which has the same pieces again
        parts[row] = text[places[first][0] : places[min(first + reader.room, len(places)) - 1][1]]
    encoded = reader.tokenizer(parts, truncation=True, max_length=reader.size)
    return [
        Cut(text, (), error=error) if error else Cut(text, (Window(inputs(encoded, row, tokenizer=reader.tokenizer)),))
        for row, (text, error) in enumerate(zip(texts, errors, strict=True))
    ]


def labelled(
    outputs: Sequence[NDArray[np.float32]], *, labels: Sequence[str], together: Callable[..., Any]
) -> dict[str, Any]:
    """Return the labels with their probabilities, those of the windows `together`; none for a text that is not read."""
    scores = together(np.stack(outputs), axis=0) if outputs else ()
    return {"labels": {label: round(float(score), 6) for label, score in zip(labels, scores, strict=bool(outputs))}}


def _fault(text: str, *, reader: Reader) -> str:
    for marker in reader.markers:
        if text.count(marker) != 1:
            return f"{marker} stands {text.count(marker)} times in it, where the model needs it once"
    return ""
