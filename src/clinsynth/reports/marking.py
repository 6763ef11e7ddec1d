"""Marked entities: a text in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Span = Mapping[str, Any]
"""`start` and `end`, and what else is known of a marked piece."""


def pieces(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, Span | None]]:
    """Return the text piece by piece, each with its span where it is marked; spans follow each other."""
    done = 0
    for span in spans:
        yield text[done : span["start"]], None
        yield text[span["start"] : span["end"]], span
        done = span["end"]
    yield text[done:], None
