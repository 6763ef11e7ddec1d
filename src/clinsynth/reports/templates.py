"""The templates of pages and cards, Jinja files in `assets/templates`; they escape their values themselves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined


def template_text(name: str) -> str:
    """Return a template, such as that of `corpus.md`."""
    return (resources.files("clinsynth") / "assets" / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def page_parts(name: str, **values: Any) -> Iterator[str]:
    """Return a page with these values in it, part by part: it may be long."""
    templates = Environment(
        loader=FunctionLoader(template_text), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return templates.get_template(name).generate(values)
