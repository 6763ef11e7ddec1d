"""Marked parts of a text, each type in a colour of its own: on pages, on a terminal, in Label Studio."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

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


def pieces(text: str, spans: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield a text piece by piece, each with its span (`start`, `end`) where it is marked; of nested ones the outer."""
    done = 0
    for span in sorted(spans, key=lambda span: (span["start"], -span["end"])):
        if done <= span["start"] < span["end"]:
            yield text[done : span["start"]], None
            yield text[span["start"] : span["end"]], span
            done = span["end"]
    yield text[done:], None
