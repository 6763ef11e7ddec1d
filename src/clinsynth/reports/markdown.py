"""Markdown, also out of texts that were not written for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from clinsynth.text.printable import printable


def escaped(text: object) -> str:
    """Return a text on one line, without what Markdown would read as its own signs."""
    return re.sub(r"([\\`*<>\[\]|~&]|\b_|_\b|^[#+-])", r"\\\1", _line(text))


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Return a table of cells that are Markdown; the columns `right` stand to the right."""
    rule = ["---:" if number in right else "---" for number in range(len(heads))]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *rows])


def fenced(text: str, language: str = "") -> str:
    """Return a block that is shown as it is, whatever stands in it."""
    fence = "`" * max(3, _longest_ticks(text) + 1)
    return f"{fence}{language}\n{printable(text.rstrip())}\n{fence}"


def code(text: object) -> str:
    """Return a text that is shown as it is within a line, or in a cell."""
    line = _line(text).replace("|", r"\|")
    fence = "`" * (_longest_ticks(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def number(value: float) -> str:
    """Return a count, or four digits of another number."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def _line(text: object) -> str:
    return printable(" ".join(str(text).split()))


def _longest_ticks(text: str) -> int:
    return max((len(found) for found in re.findall("`+", text)), default=0)
