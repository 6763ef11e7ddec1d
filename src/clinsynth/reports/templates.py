"""The templates of pages and cards, Jinja files in `assets/templates`; they escape their values themselves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from clinsynth.artifacts import writing_whole
from clinsynth.review.marking import escaped, pieces, styles


def template_text(name: str) -> str:
    """Return a template, such as that of `corpus.md`."""
    return asset(f"{name}.jinja")


def asset(name: str) -> str:
    """Return a file beside the templates, such as the script of a page."""
    return (resources.files("clinsynth") / "assets" / "templates" / name).read_text(encoding="utf-8")


def allowed(script: str) -> str:
    """Return by what a page's security policy knows this script of ours, so that no other one runs."""
    return f"'sha256-{b64encode(sha256(asset(script).encode()).digest()).decode()}'"


def write_page(path: Path, name: str, *, private: bool = False, **values: Any) -> None:
    """Write a page that needs nothing else, the whole of it or nothing; `private`: for its owner alone."""
    with writing_whole(path, private=private) as file:
        for part in page_parts(name, **values):
            file.write(part)


def page_parts(name: str, **values: Any) -> Iterator[str]:
    """Return a page with these values in it, part by part: it may be long.

    All templates have `escape`, `pieces` and `styles`, by which marked parts of a text have their colours, and `asset`
    and `allowed`, by which pages have the scripts of their own, and no other.
    """
    templates = Environment(
        loader=FunctionLoader(template_text), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    templates.globals.update(escape=escaped, pieces=pieces, styles=styles(), asset=asset, allowed=allowed)
    return templates.get_template(name).generate(values)
