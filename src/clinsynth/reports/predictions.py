"""The predictions of a model for a user's own texts: counts, and a page to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from clinsynth.models import CERTAIN, assigned
from clinsynth.reports import templates
from clinsynth.reports.console import say, terminal
from clinsynth.review.marking import colours
from clinsynth.text.printable import printable
from clinsynth.types import Metrics


@dataclass
class Tally:
    """Counts of an output."""

    documents: int = 0
    characters: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    """Spans of each label, or documents that have it."""
    errors: int = 0
    answers: int = 0

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], *, single: bool = False) -> Tally:
        """Return the counts of the rows of an output; `single`: a text has one label."""
        tally = cls()
        for row in rows:
            tally.documents += 1
            tally.characters += len(row["text"])
            tally.labels.update(span["label"] for span in row.get("spans", ()))
            tally.labels.update(assigned(row.get("labels", {}), single=single))
            tally.errors += "error" in row
            tally.answers += "answer" in row
        return tally

    @property
    def metrics(self) -> Metrics:
        """Return the counts under names that MLflow takes."""
        found = {"documents": self.documents, "characters": self.characters, "errors": self.errors}
        found |= {"answers": self.answers} if self.answers else {}
        for label, number in self.labels.items():  # a model from elsewhere may have names that MLflow refuses
            name = "label_" + re.sub(r"[^\w. :/-]", "_", label)
            found[name] = found.get(name, 0) + number
        return {f"predict/{name}": float(number) for name, number in found.items()}


def document_place(row: Mapping[str, Any]) -> str:
    """Return where a document came from."""
    return f"{row['source']}, row {row['row']}" if "row" in row else str(row["source"])


def show_predictions(metrics: Metrics, *, where: Mapping[str, str | None]) -> None:
    """Print counts, and where things are."""
    console = terminal()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    labels = {name: number for name, number in metrics.items() if name.startswith("predict/label_")}
    for name in ("documents", "characters"):
        table.add_row(f"{metrics[f'predict/{name}']:,.0f}", name)
    for name, number in sorted(labels.items()):
        table.add_row(f"{number:,.0f}", Text(printable(name.removeprefix("predict/label_"))))
    if metrics.get("predict/answers"):
        table.add_row(f"{metrics['predict/answers']:,.0f}", "answers")
    elif not labels:
        table.add_row("0", f"spans, or labels with a probability of {CERTAIN} or more")
    if metrics["predict/errors"]:
        table.add_row(f"{metrics['predict/errors']:,.0f}", "documents could not be read (`error` says why)")
    console.print(table)
    if "time/documents_a_second" in metrics:
        say(f"{metrics['time/documents_a_second']:,.3g} documents a second")
    for name, value in where.items():
        if value:
            say(f"{name:<12} {value}")


def write_page(
    path: Path, rows: Iterable[Mapping[str, Any]], *, most: int, tally: Tally, model: str, single: bool
) -> None:
    """Write a page that needs nothing else: the first `most` documents with coloured spans, or with bars.

    `single`: a text has one label.
    """
    labels = [label for label, _ in tally.labels.most_common()]
    templates.write_page(
        path,
        "predictions.html",
        rows=islice(rows, most),
        shown=f"the first {most:,} of {tally.documents:,}" if tally.documents > most else f"{tally.documents:,}",
        model=model,
        labels=tally.labels,
        colours=colours(labels),
        assigned=partial(assigned, single=single),
        place=document_place,
    )
