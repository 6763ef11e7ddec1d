"""A report as one page for a browser: tables to sort, curves to read points off, coloured samples, no network."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from clinsynth.reports.chart import charts
from clinsynth.reports.curves import Panel
from clinsynth.reports.samples import Samples
from clinsynth.reports.tables import Cell, ReportTable
from clinsynth.reports.templates import page_parts

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure

NUMBER = re.compile(r"[+\-−~]?\d|missing$|–$|$")
"""Beginnings of what stands to the right in a column of numbers."""

Part = str | ReportTable | Samples


def report_page(
    title: str, body: Sequence[Part], *, figure: Figure | None, panels: Sequence[Panel], samples: Sequence[Part]
) -> str:
    """Return the page: the figure first, as curves of `panels` or else as a picture, then the parts of the report.

    Parts that are texts are Markdown, whose own HTML is shown and not read.
    """
    drawn = charts(panels) if panels else []
    sections = [(kind, part) for each in (*body, *samples) if each for kind, part in [_section(each)]]
    return "".join(
        page_parts(
            "report.html",
            title=title,
            charts=drawn,
            styles_of={curve.name: curve.style for chart in drawn for curve in chart.curves},
            picture=_picture(figure) if figure and not panels else "",
            sections=sections,
            headings=[found for kind, part in sections if kind == "text" for found in _headings(str(part))],
            numeric=_numeric,
        )
    )


def _section(part: Part) -> tuple[str, str | ReportTable | Samples]:
    if isinstance(part, str):
        return "text", _html(part)
    return ("table" if isinstance(part, ReportTable) else "samples"), part


def _html(markdown: str) -> str:
    """Return Markdown as HTML; its headings have names that links lead to."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for opened, content in pairwise(tokens):
        if opened.type == "heading_open":
            opened.attrSet("id", re.sub(r"\W+", "-", content.content).strip("-").lower())
    found = str(reader.renderer.render(tokens, reader.options, {}))
    return found.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")


def _headings(section: str) -> list[tuple[str, str]]:
    """Return name and HTML of the headings of a section."""
    return re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', section)


def _numeric(lines: Sequence[Sequence[Cell]], column: int) -> bool:
    return column > 0 and all(NUMBER.match(line[column].text) for line in lines)


def _picture(figure: Figure) -> str:
    """Return a figure as the address of itself."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
