"""What all formats of annotated text are read into, and written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Mention:
    """A marked part of a text."""

    start: int
    """Its first character in the text, from 0."""
    end: int
    """The one behind its last; of a mention in several parts, that of the last part."""
    type: str
    id: str = ""
    """In its file; empty where the format has none."""
    parts: tuple[tuple[int, int], ...] = ()
    """Start and end of each part of a discontinuous mention; empty where it is one."""
    attributes: dict[str, str] = field(default_factory=dict)
    """What else is said of it, by name (negated, concept)."""


@dataclass(frozen=True)
class Link:
    """A relation of two mentions of one text."""

    type: str
    head: str
    """The id of a mention."""
    tail: str
    id: str = ""


@dataclass(frozen=True)
class AnnotatedText:
    """A text with all that its file says of it: a document, a sentence, a row."""

    text: str
    id: str = ""
    mentions: tuple[Mention, ...] = ()
    """In order of their start; they may overlap."""
    links: tuple[Link, ...] = ()
    labels: tuple[str, ...] = ()
    """Of the whole text."""
    words: tuple[tuple[int, int], ...] = ()
    """Start and end of each word, where the format splits the text; empty where it does not."""
    place: str = ""
    """File and line where it begins, for messages."""
    further: dict[str, Any] = field(default_factory=dict)
    """What else a row says, by column."""

    def covered(self, mention: Mention) -> str:
        """Return the marked part; of several parts, with blanks between."""
        return " ".join(self.text[start:end] for start, end in mention.parts or ((mention.start, mention.end),))
