"""Documents in, what a model says of them out; what is in memory is one portion of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clinsynth.files.input_texts import InputText
from clinsynth.learning.learner import Opened

OWN_NAMES = ("text", "spans", "labels", "error", "source", "row")
"""Names that a line of the output has by itself."""

PORTION = 100_000
"""Characters, or one document where it has more."""

MOST = 1_000
"""Documents of a portion."""


def read_texts(documents: Iterable[InputText], *, model: Opened) -> Iterator[list[dict[str, Any]]]:
    """Yield lines of the output, a portion at a time."""
    for portion in _portions(documents):
        found = model.read([document.text for document in portion])
        yield [
            {"text": document.text}
            | line
            | {"source": document.source}
            | ({} if document.row is None else {"row": document.row})
            | document.kept
            for document, line in zip(portion, found, strict=True)
        ]


def _portions(documents: Iterable[InputText]) -> Iterator[list[InputText]]:
    portion: list[InputText] = []
    characters = 0
    for document in documents:
        portion.append(document)
        characters += len(document.text)
        if characters >= PORTION or len(portion) == MOST:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
