"""Samples of labelled texts with what is marked in them: on a terminal, in Markdown, on pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from clinsynth.reports.console import terminal
from clinsynth.review.marking import TERMINAL, colours, pieces
from clinsynth.text.printable import printable


@dataclass(frozen=True)
class Samples:
    """Labelled texts of whichever task (`types.Example`)."""

    examples: Sequence[Any]

    @property
    def kinds(self) -> dict[str, int]:
        """Return the labels of the entities, each with the number of its colour."""
        return colours(sorted({entity["label"] for example in self.examples for entity in example.entities()}))

    @property
    def markdown(self) -> str:
        """Return a list with entities in bold, of several types each with its own."""
        typed = len(self.kinds) > 1
        return "".join(f"- {_markdown(example, typed=typed)}\n" for example in self.examples)


def show_samples(examples: Sequence[Any]) -> None:
    """Print texts with their labels, and their entities in colour, or in brackets where there is no colour."""
    console = terminal()
    kinds = Samples(examples).kinds
    if len(kinds) > 1 and console.is_terminal:
        names = [Text(f" {printable(kind)} ", style=_style(number)) for kind, number in kinds.items()]
        console.print(Text("    ").append_text(Text(" ").join(names)))
    for example in examples:
        text = Text("  • ").append(printable(f"{example.label}: ") if example.label else "", style="bold")
        for piece, entity in pieces(example.text, example.entities()):
            kind = f"({entity['label']})" if entity and len(kinds) > 1 else ""
            shown = f"[{piece}]{kind}" if entity and not console.is_terminal else piece
            text.append(printable(shown), style=_style(kinds[entity["label"]]) if entity else None)
        console.print(text, soft_wrap=not console.is_terminal)


def _style(number: int) -> str:
    return f"bold black on {TERMINAL[number]}"


def _markdown(example: Any, *, typed: bool) -> str:
    label = f"<b>{_plain(example.label)}</b>: " if example.label else ""
    found = ((_plain(piece), entity) for piece, entity in pieces(example.text, example.entities()))
    return label + "".join(
        _marked(text, entity["label"] if typed else "") if entity else text for text, entity in found
    )


def _marked(text: str, kind: str) -> str:
    return f"**{text}** ({_plain(kind)})" if kind else f"**{text}**"


def _plain(text: str) -> str:
    """Return a text without what Markdown would read as its own signs."""
    return re.sub(r"([*`<&\[\]\\])", r"\\\1", printable(re.sub(r"\s*[\r\n]\s*", " ", text)))
