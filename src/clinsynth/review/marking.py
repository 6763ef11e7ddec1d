"""Marked parts of a text, each type in a colour of its own: on pages, on a terminal, in Label Studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from clinsynth.text.printable import printable

COLOURS = (
    ("#ffd8a8", "#7a4a12"),
    ("#a5d8ff", "#1c4f7c"),
    ("#b2f2bb", "#22592c"),
    ("#eebefa", "#64307a"),
    ("#ffec99", "#665500"),
    ("#ffc9c9", "#7c2a2a"),
)
"""Of a page where it is light, and where it is dark; types share them in turn."""

TERMINAL = ("yellow", "bright_cyan", "bright_green", "bright_magenta", "bright_blue", "bright_red")
"""Of a terminal, in the same order."""


def colours(labels: Iterable[str]) -> dict[str, int]:
    """Return the number of the colour of each label, in their order."""
    return {label: number % len(COLOURS) for number, label in enumerate(dict.fromkeys(labels))}


def styles() -> str:
    """Return the CSS of the colours, by the classes `l0`, `l1` ..."""
    return "\n".join(
        f".l{number} {{ background: {light}; background: light-dark({light}, {dark}) }}"
        for number, (light, dark) in enumerate(COLOURS)
    )


def marked(text: str, entities: Sequence[dict[str, Any]], kinds: Mapping[str, int]) -> str:
    """Return a text as HTML, with its entities marked; of several kinds each in its colour."""
    parts = []
    for piece, entity in pieces(text, entities):
        kind = str(entity["label"]) if entity else ""
        colour = f' class="l{kinds[kind]}"' if len(kinds) > 1 and kind in kinds else ""
        parts.append(f'<mark{colour} title="{escaped(kind)}">{escaped(piece)}</mark>' if entity else escaped(piece))
    return "".join(parts)


def legend(kinds: Mapping[str, int]) -> str:
    """Return the kinds as HTML, each in its colour."""
    return " ".join(f'<mark class="l{number}">{escaped(kind)}</mark>' for kind, number in kinds.items())


def escaped(text: str) -> str:
    """Return a text for HTML, without signs of direction that would turn what stands beside it."""
    return escape(printable(text.replace("\r\n", "\n")))


def pieces(text: str, spans: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Return a text piece by piece, each with its span (`start`, `end`) where it is marked.

    Where spans overlap, a piece is that of the shortest one.
    """
    done = 0
    for group in _overlapping(spans):
        yield text[done : group[0]["start"]], None
        edges = sorted({edge for span in group for edge in (span["start"], span["end"])})
        for start, end in pairwise(edges):
            inside = [span for span in group if span["start"] <= start and end <= span["end"]]
            yield text[start:end], min(inside, key=lambda span: span["end"] - span["start"])
        done = edges[-1]
    yield text[done:], None


def _overlapping(spans: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield spans in groups that have no character in common with each other."""
    group: list[Mapping[str, Any]] = []
    end = 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        if group and span["start"] >= end:
            yield group
            group = []
        group.append(span)
        end = max(end, span["end"])
    if group:
        yield group
