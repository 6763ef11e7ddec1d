"""A table of a report, and its forms: columns on a terminal, Markdown, CSV, LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from clinsynth.files.sheets import inert
from clinsynth.reports.markdown import markdown_table
from clinsynth.text.printable import printable

_LATEX = {"±": r"$\pm$", "–": "--", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


@dataclass(frozen=True)
class Cell:
    """The text of one place, and the same for programs."""

    text: str
    plain: str
    bold: bool = False


@dataclass(frozen=True)
class ReportTable:
    """A table of cells, of which the first column is text."""

    caption: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    dataset: str = ""
    """The dataset that all lines are about, if it is one."""
    kind: str = ""
    """Tables of one kind are one CSV file: `<name>.<kind>.csv`."""

    @property
    def markdown(self) -> str:
        """Return the table as Markdown, with bold cells."""
        return markdown_table(self.heads, [_texts(line, "**{}**".format) for line in self.lines]) + "\n"

    @property
    def latex(self) -> str:
        """Return a `table` with booktabs' rules."""
        bold = r"\textbf{{{}}}".format
        heads, *lines = (
            " & ".join(line) + r" \\"
            for line in [map(latex_escaped, self.heads), *(_texts(line, bold, latex_escaped) for line in self.lines)]
        )
        aligned = "ll" + "r" * (len(self.heads) - 2)
        begin = [r"\begin{table}", rf"\caption{{{latex_escaped(self.caption)}}}", rf"\begin{{tabular}}{{{aligned}}}"]
        end = [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
        return "\n".join([*begin, r"\toprule", heads, r"\midrule", *lines, *end])

    @property
    def rows(self) -> list[dict[str, str]]:
        """Return the lines for programs, each by its headings."""
        named = {"dataset": self.dataset} if self.dataset else {}
        return [named | {head: cell.plain for head, cell in zip(self.heads, line, strict=True)} for line in self.lines]


def plain_cells(*texts: str) -> list[Cell]:
    """Return cells that are for programs what they are for readers."""
    return [Cell(text, plain=text) for text in texts]


def csv_text(rows: Sequence[Mapping[str, str]], *, heads: Collection[str] = ()) -> str:
    """Return CSV with these columns, or else with those of all rows; text that would run as a formula does not."""
    file = io.StringIO()
    heads = heads or dict.fromkeys(head for row in rows for head in row)
    writer = csv.DictWriter(file, list(heads), lineterminator="\n")
    writer.writeheader()
    writer.writerows({head: inert(cell) for head, cell in row.items()} for row in rows)
    return file.getvalue()


def latex_escaped(text: str) -> str:
    """Return a text as LaTeX shows it."""
    text = printable(" ".join(text.split())).replace("\\", "/")  # a path of Windows
    for sign in "&%$#_{}":
        text = text.replace(sign, rf"\{sign}")
    for sign, shown in _LATEX.items():
        text = text.replace(sign, shown)
    return text


def _texts(line: Sequence[Cell], bold: Callable[[str], str], sign: Callable[[str], str] = str) -> list[str]:
    return [bold(sign(cell.text)) if cell.bold else sign(cell.text) for cell in line]
