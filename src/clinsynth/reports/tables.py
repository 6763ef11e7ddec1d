"""Short tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from clinsynth.types import Summary


def show_splits(dataset: str, counts: Mapping[str, Mapping[str, int]], *, overlap: int) -> None:
    console = Console()
    parts = [
        f"{split} " + ", ".join(f"{number} {what}" for what, number in found.items())
        for split, found in counts.items()
        if any(found.values())
    ]
    console.print(f"[bold]{dataset}[/bold]: {'; '.join(parts)}", highlight=False)
    if overlap:
        console.print(f"{overlap} test text(s) stand in train too; they are left there.", highlight=False)


def show_result(name: str, summary: Summary, *, where: Mapping[str, str | None]) -> None:
    console = Console()
    table = plain("", "P", "R", "F1", "95% interval", "seen", "unseen", "examples")
    table.add_row(name, *_scores(summary))
    console.print(table)
    for what, place in where.items():
        if place is not None:
            console.print(f"  {what}: {place}", highlight=False, soft_wrap=True)


def _scores(summary: Summary) -> list[str]:
    found = summary.metrics

    def shown(name: str) -> str:
        return percent(found.get(f"test/{name}"))

    interval = f"{shown('f1_low')} – {shown('f1_high')}"
    return [shown("precision"), shown("recall"), shown("f1"), interval, shown("f1_seen"), shown("f1_unseen"), str(summary.examples)]


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def plain(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return table
