"""Printing on a terminal: lines, columns, and where things are."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from clinsynth.reports.tables import ReportTable

ABSENT = "–"


def say(text: str, *, markup: bool = True, style: str | None = None) -> None:
    """Print a line that the terminal wraps, with Rich's markup in it."""
    Console().print(text, highlight=False, soft_wrap=True, markup=markup, style=style)


def print_table(table: ReportTable) -> None:
    """Print a table of a report in columns."""
    rows = [[Text(cell.text, style="bold" if cell.bold else "") for cell in line] for line in table.lines]
    print_columns(table.heads, rows)


def print_columns(heads: Sequence[str], rows: Iterable[Sequence[str | Text]], *, left: Collection[int] = (0,)) -> None:
    """Print rows in columns, of which those that are not `left` stand to the right.

    Rows that are wider than the terminal are wrapped by it, where Rich would cut numbers off.
    """
    console, table = Console(), Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number in left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    needed = Measurement.get(console, console.options.update(max_width=1000), table).maximum
    console.width = max(needed, console.width)
    console.print(table)


def print_places(where: Mapping[str, str | None]) -> None:
    """Print where things are, or how to go on, but for what is `None`."""
    for what, place in where.items():
        if place is not None:
            say(f"  {what}: {place}", markup=False)


def percent(value: float | None) -> str:
    """Return a share in percent, without the sign."""
    return ABSENT if value is None or math.isnan(value) else f"{100 * value:.1f}"
