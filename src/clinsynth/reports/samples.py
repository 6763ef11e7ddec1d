"""Samples of labelled texts with what is marked in them: in Markdown, and as a page for a browser."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Samples:
    examples: Sequence[Any]
    """Of whichever task (`types.Example`)."""

    @property
    def markdown(self) -> str:
        """A list with entities in bold."""
        return "".join(f"- {_line(example, _bold, _plain)}\n" for example in self.examples)

    @property
    def html(self) -> str:
        items = "".join(f"<li>{_line(example, _marked, html.escape)}</li>\n" for example in self.examples)
        return f"<ul>\n{items}</ul>\n"


def page(title: str, parts: Sequence[tuple[str, Samples]]) -> str:
    """A page that needs nothing else; `parts` are headings and samples."""
    body = "".join(f"<h2>{html.escape(heading)}</h2>\n{samples.html}" for heading, samples in parts)
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "mark{background:#ffe08a;padding:0 .15em;border-radius:.2em}mark small{color:#555;margin-left:.3em}"
        "b{margin-right:.3em}li{margin:.4em 0}"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def _line(example: Any, mark: Callable[[dict[str, Any]], str], sign: Callable[[str], str]) -> str:
    label = f"<b>{html.escape(example.label)}</b>: " if example.label else ""
    return label + "".join(_parts(example, mark, sign))


def _parts(example: Any, mark: Callable[[dict[str, Any]], str], sign: Callable[[str], str]) -> Iterator[str]:
    done = 0
    for entity in example.entities():
        yield sign(example.text[done : entity["start"]])
        yield mark(entity)
        done = entity["end"]
    yield sign(example.text[done:])


def _plain(text: str) -> str:
    """Without what Markdown would read as its own signs."""
    return re.sub(r"([*`<\\])", r"\\\1", text)


def _bold(entity: dict[str, Any]) -> str:
    return f"**{_plain(entity['text'])}**"


def _marked(entity: dict[str, Any]) -> str:
    return f"<mark>{html.escape(entity['text'])}<small>{html.escape(entity['label'])}</small></mark>"
