"""Samples of labelled texts with what is marked in them: on a terminal, in Markdown, and as a page for a browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.text import Text

from clinsynth.reports.console import terminal
from clinsynth.reports.templates import page_parts
from clinsynth.text.printable import printable


@dataclass(frozen=True)
class Samples:
    """Labelled texts of whichever task (`types.Example`)."""

    examples: Sequence[Any]

    @property
    def markdown(self) -> str:
        """Return a list with entities in bold."""
        return "".join(f"- {_markdown(example)}\n" for example in self.examples)


def samples_page(title: str, parts: Sequence[tuple[str, Samples]]) -> str:
    """Return a page that needs nothing else; `parts` are headings and samples."""
    return "".join(page_parts("samples.html", title=title, parts=parts, pieces=pieces, escape=html.escape))


def show_samples(examples: Sequence[Any]) -> None:
    """Print texts with their labels, and their entities in colour, or in brackets where there is no colour."""
    console = terminal()
    for example in examples:
        text = Text("  • ").append(printable(f"{example.label}: ") if example.label else "", style="bold")
        for piece, entity in pieces(example.text, example.entities()):
            shown = f"[{piece}]" if entity and not console.is_terminal else piece
            text.append(printable(shown), style="bold black on yellow" if entity else None)
        console.print(text, soft_wrap=not console.is_terminal)


def _markdown(example: Any) -> str:
    label = f"<b>{html.escape(example.label)}</b>: " if example.label else ""
    found = ((_plain(piece), entity) for piece, entity in pieces(example.text, example.entities()))
    return label + "".join(f"**{text}**" if entity else text for text, entity in found)


def _plain(text: str) -> str:
    """Return a text without what Markdown would read as its own signs."""
    return re.sub(r"([*`<\\])", r"\\\1", text)


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
