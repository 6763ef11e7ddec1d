"""Printing on a terminal: lines, columns, and where things are."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from clinsynth.reports.tables import ReportTable
from clinsynth.text.printable import printable

ABSENT = "–"


def terminal() -> Console:
    """Return a console that prints text as it stands: in `benzo[a]pyrene` the `[a]` is no markup."""
    return Console(markup=False, highlight=False)


def say(text: str, *, bold: str = "", style: str = "") -> None:
    """Print a line that the terminal wraps, with its beginning in bold."""
    line = Text(style=style).append(printable(bold), style="bold").append(printable(text))
    terminal().print(line, soft_wrap=True)


def print_table(table: ReportTable) -> None:
    """Print a table of a report in columns."""
    rows = [[bold_text(cell.text) if cell.bold else cell.text for cell in line] for line in table.lines]
    print_columns(table.heads, rows)


def print_columns(heads: Sequence[str], rows: Iterable[Sequence[str | Text]], *, left: Collection[int] = (0,)) -> None:
    """Print rows in columns, of which those that are not `left` stand to the right.

    Rows that are wider than the terminal are wrapped by it, where Rich would cut numbers off.
    """
    console, table = terminal(), Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(printable(head), justify="left" if number in left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in row))
    needed = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    console.width = max(needed, console.width)
    console.print(table)


def bold_text(text: str) -> Text:
    """Return a cell of a table in bold."""
    return Text(printable(text), style="bold")


def print_places(where: Mapping[str, str | None]) -> None:
    """Print where things are, or how to go on, but for what is `None`."""
    for what, place in where.items():
        if place is not None:
            say(f"  {what}: {place}")


def percent(value: float | None) -> str:
    """Return a share in percent, without the sign."""
    return ABSENT if value is None or math.isnan(value) else f"{100 * value:.1f}"
