"""Documents in, what a model says of them out; what is in memory is one portion of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clinsynth.inference.documents import Document
from clinsynth.inference.models import Opened
from clinsynth.inference.windows import Window

PORTION = 100_000
"""Characters, or one document where it has more."""

MOST = 1_000
"""Documents of a portion."""


def read(documents: Iterable[Document], *, model: Opened) -> Iterator[list[dict[str, Any]]]:
    """Lines of the output, a portion at a time; windows of all its documents are sorted by length together."""
    for portion in _portions(documents):
        cuts = model.room.cut([document.text for document in portion], reader=model.reader)
        windows: list[Window] = [window for cut in cuts for window in cut.windows]
        outputs = iter(model.outputs(windows))
        lines = []
        for document, cut in zip(portion, cuts, strict=True):
            own = [next(outputs) for _ in cut.windows]
            line = {"text": document.text} | model.room.answer(cut, outputs=own, labels=model.reader.labels)
            line |= {"error": cut.error} if cut.error else {}
            line |= {"source": document.source} | ({} if document.row is None else {"row": document.row})
            lines.append(line | document.kept)
        yield lines


def _portions(documents: Iterable[Document]) -> Iterator[list[Document]]:
    portion: list[Document] = []
    characters = 0
    for document in documents:
        portion.append(document)
        characters += len(document.text)
        if characters >= PORTION or len(portion) == MOST:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
