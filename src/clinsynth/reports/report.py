"""A table or figure of a paper as files: Markdown, CSV, LaTeX, PNG and SVG, HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markdown import Markdown

from clinsynth.artifacts import write_whole
from clinsynth.reports.console import print_table, say, terminal
from clinsynth.reports.curves import Panel
from clinsynth.reports.page import report_page
from clinsynth.reports.samples import Samples, show_samples
from clinsynth.reports.tables import ReportTable, csv_text
from clinsynth.text.printable import printable

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure


@dataclass
class Report:
    """The content of a table or figure; its Markdown is `title`, and `body` in its order."""

    name: str
    title: str
    body: list[str | ReportTable | Samples] = field(default_factory=list)
    """Texts are Markdown; tables are written as CSV and LaTeX too."""
    figure: Figure | None = None
    panels: Sequence[Panel] = ()
    """The curves of the figure, which a page draws itself."""
    samples: list[str | Samples] = field(default_factory=list)
    """Behind the body, on the page alone."""
    sides: dict[str, str] = field(default_factory=dict)
    """Further files by ending: `runs.csv`."""
    public: bool = True
    """False where it must not leave the folder, for it shows texts of a dataset that is not public."""

    @property
    def markdown(self) -> str:
        """Return title, figure and body as a page."""
        picture = [f"![{self.title}]({self.name}.png)\n"] if self.figure else []
        parts = [part if isinstance(part, str) else part.markdown for part in self.body]
        return "\n".join(part for part in [f"# {self.title}\n", *picture, *parts] if part)

    def tables(self) -> dict[str, list[ReportTable]]:
        """Return the tables by their kind."""
        found: dict[str, list[ReportTable]] = {}
        for part in self.body:
            if isinstance(part, ReportTable):
                found.setdefault(part.kind, []).append(part)
        return found

    def rows(self) -> dict[str, list[dict[str, str]]]:
        """Return the lines of all tables for programs, by the kind of table."""
        return {kind: [row for table in found for row in table.rows] for kind, found in self.tables().items()}

    def write(self, folder: Path) -> list[Path]:
        """Write `<name>.md` and .html, and .csv, .tex, sides, .png and .svg as far as there are; return the paths."""
        page = report_page(self.title, self.body, figure=self.figure, panels=self.panels, samples=self.samples)
        contents = {"md": self.markdown, "html": page}
        contents |= {f"{kind}.csv" if kind else "csv": csv_text(rows) for kind, rows in self.rows().items()}
        if tables := [table for found in self.tables().values() for table in found]:
            contents["tex"] = "\n".join(table.latex for table in tables)
        places = []
        for ending, content in (contents | self.sides).items():
            places.append(folder / f"{self.name}.{ending}")
            write_whole(places[-1], content)
        for ending in ("png", "svg") if self.figure else ():
            places.append(folder / f"{self.name}.{ending}")
            self.figure.savefig(places[-1])  # type: ignore[union-attr]
        return places


def lowered(text: str) -> str:
    """Return Markdown with its headings one level lower, to stand under the title of a report."""
    return re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)


def show_report(report: Report) -> None:
    """Print it on a terminal with entities and headings in colour and tables in columns, else as it was written."""
    console = terminal()
    if not console.is_terminal:
        print(printable(report.markdown))
        return
    say("\n", bold=report.title)
    for part in report.body:
        if isinstance(part, str):
            _show_text(part, console=console)
            continue
        show_samples(part.examples) if isinstance(part, Samples) else print_table(part)
        print()


def _show_text(text: str, *, console: Console) -> None:
    """Print Markdown, but for commands, which are left whole to be copied."""
    for indented, lines in groupby(text.splitlines(), key=lambda line: line.startswith("    ")):
        block = "\n".join(lines)
        if indented:
            console.print(printable(block), soft_wrap=True)
        else:
            console.print(Markdown(printable(block)))
