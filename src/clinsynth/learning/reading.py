"""Documents in, what a model says of them out; what is in memory is two portions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from clinsynth.files.input_texts import InputText
from clinsynth.learning.learner import Opened

OWN_NAMES = ("text", "spans", "labels", "answer", "error", "source", "row")
"""Names that a line of the output has by itself."""

PORTION = 100_000
"""Characters, or one document where it has more."""

MOST = 1_000
"""Documents of a portion."""


Lines = list[dict[str, Any]]


def read_texts(documents: Iterable[InputText], *, model: Opened) -> Iterator[Lines]:
    """Yield lines of the output, a portion at a time; the next one is prepared while the model reads."""
    waiting: Callable[[], Lines] | None = None
    for portion in portions(documents):
        started = _start(portion, model=model)
        if waiting:
            yield waiting()
        waiting = started
    if waiting:
        yield waiting()


def _start(portion: Sequence[InputText], *, model: Opened) -> Callable[[], Lines]:
    finish = model.start([document.text for document in portion])
    return lambda: [_line(document, found) for document, found in zip(portion, finish(), strict=True)]


def _line(document: InputText, found: dict[str, Any]) -> dict[str, Any]:
    row = {} if document.row is None else {"row": document.row}
    return {"text": document.text} | found | {"source": document.source} | row | document.kept


def portions(documents: Iterable[InputText]) -> Iterator[list[InputText]]:
    """Yield what is read together; what a model says of a text hangs on these in the last digits of its scores."""
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
