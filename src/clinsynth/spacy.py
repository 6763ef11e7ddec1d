"""A component of spaCy pipelines: `nlp.add_pipe("clinsynth", config={"model": ...})`.

Needs the extra `spacy`, whose entry point makes the component known wherever both packages are installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, tee
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import filter_spans

from clinsynth.api import Model, load_model
from clinsynth.errors import ConfigError

GROUP = "clinsynth"
"""The group of `doc.spans` that holds all that the model says, overlapping spans, too."""


@Language.factory("clinsynth", default_config={"model": "latest", "accelerator": "auto"}, assigns=["doc.ents"])  # type: ignore[untyped-decorator]
def make(nlp: Language, name: str, model: str, accelerator: str) -> Component:
    """Return the component for a trained model: its folder, the MLflow run that trained it, or `latest`.

    Raises ConfigError where there is no such model.
    """
    return Component(load_model(model, f"predict.accelerator={accelerator}"))


class Component:
    """Puts what a model says of a text into `doc.ents` and `doc.spans["clinsynth"]`, or into `doc.cats`.

    Offsets are those of `clinsynth predict`: a token of spaCy is split where an entity begins or ends within it.
    Entities that are there already stay, and others beside them are added, as with `EntityRuler`.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, doc: Doc) -> Doc:
        """Return the document with what the model says of it."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Yield documents with what the model says of them, in their order; it chooses its batches itself."""
        docs, read = tee(stream)
        for doc, line in zip(docs, self.model.read(doc.text for doc in read), strict=True):
            if "error" in line:
                raise ConfigError(f"the model cannot read {doc.text[:40]!r}: {line['error']}")
            if "spans" in line:
                _mark(doc, line["spans"])
            else:
                doc.cats.update(line["labels"])
            yield doc


def _mark(doc: Doc, found: Sequence[dict[str, Any]]) -> None:
    _split_at(doc, {place for span in found for place in (span["start"], span["end"])})
    spans = [doc.char_span(span["start"], span["end"], label=span["label"]) for span in found]
    doc.spans[GROUP] = spans
    doc.spans[GROUP].attrs["scores"] = [span["score"] for span in found]
    doc.ents = filter_spans([*doc.ents, *spans])


def _split_at(doc: Doc, places: set[int]) -> None:
    """Split the tokens within which a character of `places` stands."""
    with doc.retokenize() as retokenizer:
        for token in doc:
            inside = sorted(place - token.idx for place in places if token.idx < place < token.idx + len(token))
            if inside:
                edges = [0, *inside, len(token)]
                parts = [token.text[start:end] for start, end in pairwise(edges)]
                retokenizer.split(token, parts, heads=[(token, number) for number in range(len(parts))])
