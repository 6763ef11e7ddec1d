"""A table or figure of a paper as files: Markdown, CSV, LaTeX, PNG and SVG, HTML."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matplotlib.figure import Figure

from clinsynth.artifacts import write_whole


@dataclass(frozen=True)
class Cell:
    """What stands in one place; `plain` is for programs."""

    text: str
    plain: str
    bold: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    dataset: str = ""
    """That all lines are about, if it is one."""
    kind: str = ""
    """Tables of one kind are one CSV file: `<name>.<kind>.csv`."""

    @property
    def markdown(self) -> str:
        rows = [list(self.heads), ["---"] * len(self.heads)]
        rows += [_shown(line, lambda text: f"**{text}**") for line in self.lines]
        return "".join("| " + " | ".join(row) + " |\n" for row in rows)


class Part(Protocol):
    """What a document shows otherwise than as running text."""

    @property
    def markdown(self) -> str: ...


@dataclass
class Document:
    """What is written of a table or figure; the Markdown is `title`, and `body` in its order."""

    name: str
    title: str
    body: list[str | Part] = field(default_factory=list)
    """Texts are Markdown; tables are written as CSV and LaTeX too."""
    figure: Figure | None = None
    sides: dict[str, str] = field(default_factory=dict)
    """Further files by ending: `runs.csv`, `html`."""
    public: bool = True
    """Whether it may leave the folder: false where it shows texts of a dataset that is not public."""

    @property
    def markdown(self) -> str:
        picture = [f"![{self.title}]({self.name}.png)\n"] if self.figure else []
        parts = [part if isinstance(part, str) else part.markdown for part in self.body]
        return "\n".join(part for part in [f"# {self.title}\n", *picture, *parts] if part)

    def tables(self) -> dict[str, list[Table]]:
        """By their kind."""
        found: dict[str, list[Table]] = {}
        for part in self.body:
            if isinstance(part, Table):
                found.setdefault(part.kind, []).append(part)
        return found

    def write(self, folder: Path) -> list[Path]:
        """`<name>.md`, and whatever else there is to it: .csv and .tex, .png and .svg, sides; the Markdown first."""
        contents = {"md": self.markdown}
        tables = self.tables()
        contents |= {f"{kind}.csv" if kind else "csv": comma_separated(found) for kind, found in tables.items()}
        if tables:
            contents["tex"] = "\n".join(latex(table) for found in tables.values() for table in found)
        contents |= self.sides
        places = []
        for ending, content in contents.items():
            places.append(folder / f"{self.name}.{ending}")
            write_whole(places[-1], content)
        if self.figure:
            for ending in ("png", "svg"):
                places.append(folder / f"{self.name}.{ending}")
                self.figure.savefig(places[-1])
        return places


def lowered(text: str) -> str:
    """Markdown with its headings one level lower, to stand under the title of a document."""
    return re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)


def same(text: str) -> Cell:
    return Cell(text, plain=text)


def rows(tables: Sequence[Table]) -> list[dict[str, str]]:
    """The lines of all tables, each by its headings, for programs."""
    return [
        ({"dataset": table.dataset} if table.dataset else {})
        | {head: cell.plain for head, cell in zip(table.heads, line, strict=True)}
        for table in tables
        for line in table.lines
    ]


def comma_separated(tables: Sequence[Table]) -> str:
    """One file, with the columns of all tables."""
    found = rows(tables)
    return csv_text(found, heads=list(dict.fromkeys(head for row in found for head in row)))


def csv_text(found: Sequence[Mapping[str, str]], *, heads: Sequence[str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return file.getvalue()


def latex(table: Table) -> str:
    """A `table` with booktabs' rules."""
    aligned = "ll" + "r" * (len(table.heads) - 2)
    bold = [_shown(line, lambda text: rf"\textbf{{{text}}}", escaped) for line in table.lines]
    first, *rest = (" & ".join(row) + r" \\" for row in [list(map(escaped, table.heads)), *bold])
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escaped(table.caption)}}}",
            rf"\begin{{tabular}}{{{aligned}}}",
            r"\toprule",
            first,
            r"\midrule",
            *rest,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def escaped(text: str) -> str:
    """For LaTeX."""
    text = text.replace("\\", "/")  # a path of Windows
    for sign in "&%$#_{}":
        text = text.replace(sign, rf"\{sign}")
    return text.replace("±", r"$\pm$").replace("–", "--").replace("~", r"\textasciitilde{}")


def _shown(line: Sequence[Cell], bold: Callable[[str], str], sign: Callable[[str], str] = str) -> list[str]:
    return [bold(sign(cell.text)) if cell.bold else sign(cell.text) for cell in line]
