"""Annotated texts into any format, and the check that nothing moved."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinsynth.files.annotated.formats import format_named
from clinsynth.files.annotated.losses import Losses, fitted
from clinsynth.files.annotated.names import free_names
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.texts import AnnotatedText, Mention


def write_annotated(texts: Iterable[AnnotatedText], path: Path, *, format: str) -> tuple[list[AnnotatedText], Losses]:
    """Write texts to a file, or a folder where the format is one of folders; what is there is replaced.

    Return the texts as they were written, and what the format could not hold of them. They are read again and compared
    character by character before they get their name.
    """
    known = format_named(format)
    lost: Losses = Counter()
    held = [one for text in texts for one in known.adapt(fitted(text, holds=known.HOLDS, lost=lost), lost=lost)]
    if known.FOLDER:  # which is read by the names of its files
        named = [replace(text, id=name) for name, text in zip(free_names(held), held, strict=True)]
        held = sorted(named, key=lambda text: f"{text.id}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        known.write(scratch / path.name, held)
        check_alike(held, read_annotated(scratch / path.name, format=format) if held else [])
        (scratch / path.name).replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return held, lost


def check_alike(written: Sequence[AnnotatedText], again: Sequence[AnnotatedText]) -> None:
    """Raise RuntimeError where texts that were read again are not those that were written."""
    if len(written) != len(again):
        raise RuntimeError(f"{len(written)} texts were written, and {len(again)} are read again")
    for number, (one, other) in enumerate(zip(written, again, strict=True), 1):
        for what, left, right in zip(
            ("text", "mentions", "relations", "labels"), _said(one), _said(other), strict=True
        ):
            if left != right:
                raise RuntimeError(f"text {number}: its {what} were {left!r}, and are read again as {right!r}")


def _said(text: AnnotatedText) -> tuple[Any, ...]:
    """Return all that is said of a text, whatever its mentions are called."""
    keys = {mention.id: _key(mention) for mention in reversed(text.mentions)}
    links = {(link.type, keys[link.head], keys[link.tail]) for link in text.links}
    return text.text, {_key(mention) for mention in text.mentions}, links, {*text.labels}


def _key(mention: Mention) -> tuple[Any, ...]:
    attributes = tuple(sorted(mention.attributes.items()))
    return mention.start, mention.end, mention.type, mention.parts, attributes
