"""Gold data: `token<TAB>tag` lines with IOB2 tags, a blank line between sentences."""

from __future__ import annotations

from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.text.entities import Sentence, to_spans


def read_sentences(text: str, *, path: Path, dataset: NerDataset) -> list[Sentence]:
    """Return the sentences of one split; raises DataFormatError with file and line."""
    known = {"O", f"B-{dataset.entity_type}", f"I-{dataset.entity_type}"}
    sentences: list[Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):  # other line ends may stand inside a token
        line = line.removesuffix("\r")
        if not line.strip():
            if tokens:
                sentences.append(Sentence(tuple(tokens), to_spans(tags)))
                tokens, tags = [], []
            continue
        columns = line.split("\t")
        if len(columns) != 2 or not columns[0].strip():
            raise DataFormatError(
                f"{path}:{number}: {line!r} has {len(columns)} column(s) where two are needed: "
                "token<TAB>tag, with a blank line between sentences."
            )
        token, tag = columns[0], columns[1].strip()
        if tag not in known:
            raise DataFormatError(
                f"{path}:{number}: unknown tag {tag!r}; accepted are {', '.join(sorted(known))}. "
                "For another entity type set dataset.entity_type."
            )
        if tag.startswith("I-") and (not tags or tags[-1] == "O"):
            raise DataFormatError(
                f"{path}:{number}: {tag!r} at {token!r} follows no entity of its type; an entity "
                f"begins with 'B-{dataset.entity_type}' (IOB2)."
            )
        tokens.append(token)
        tags.append(tag)
    return sentences
