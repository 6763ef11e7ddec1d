"""The templates of pages and cards, Jinja files in `assets/templates`; they escape their values themselves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from clinsynth.artifacts import writing_whole
from clinsynth.review.marking import escaped, pieces, styles


def template_text(name: str) -> str:
    """Return a template, such as that of `corpus.md`."""
    return (resources.files("clinsynth") / "assets" / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def write_page(path: Path, name: str, **values: Any) -> None:
    """Write a page that needs nothing else, the whole of it or nothing."""
    with writing_whole(path) as file:
        for part in page_parts(name, **values):
            file.write(part)


def page_parts(name: str, **values: Any) -> Iterator[str]:
    """Return a page with these values in it, part by part: it may be long.

    All templates have `escape`, and `pieces` and `styles`, by which marked parts of a text have their colours.
    """
    templates = Environment(
        loader=FunctionLoader(template_text), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    templates.globals.update(escape=escaped, pieces=pieces, styles=styles())
    return templates.get_template(name).generate(values)
