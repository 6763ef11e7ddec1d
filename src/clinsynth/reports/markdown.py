"""Markdown out of texts that were not written for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def escaped(text: str) -> str:
    """On one line, without what Markdown would read as its own signs."""
    return re.sub(r"([\\`*<>\[\]|~&]|\b_|_\b|^[#+-])", r"\\\1", " ".join(text.split()))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns but the first stand to the right; cells are Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fenced(text: str, language: str = "") -> str:
    """A block that is shown as it is, whatever stands in it."""
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def code(text: str) -> str:
    """The same within a line, or in a cell."""
    text = " ".join(text.split()).replace("|", r"\|")
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def page(head: str, sections: Mapping[str, Sequence[str]]) -> str:
    """A card: YAML, then paragraphs under headings; a section without any is left out."""
    lines = [f"---\n{head.strip()}\n---\n"]
    for heading, paragraphs in sections.items():
        found = [paragraph for paragraph in paragraphs if paragraph]
        if found:
            lines += [heading, "", *(f"{paragraph}\n" for paragraph in found)]
    return "\n".join(lines)
