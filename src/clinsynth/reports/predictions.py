"""What a model said of a user's own texts: counts, and a page to read."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from clinsynth.artifacts import writing_whole
from clinsynth.types import Metrics

CERTAIN = 0.5
"""Probability from which on a label counts."""


@dataclass
class Tally:
    """Counts of an output."""

    documents: int = 0
    characters: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    """Spans of each label, or documents for which it is probable."""
    errors: int = 0
    first_error: str = ""

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Tally:
        tally = cls()
        for row in rows:
            tally.add(row)
        return tally

    def add(self, row: Mapping[str, Any]) -> None:
        self.documents += 1
        self.characters += len(row["text"])
        self.labels.update(span["label"] for span in row.get("spans", ()))
        self.labels.update(label for label, score in row.get("labels", {}).items() if score >= CERTAIN)
        if "error" in row:
            self.errors += 1
            self.first_error = self.first_error or f"{place(row)}: {row['error']}"

    @property
    def metrics(self) -> Metrics:
        found = {"documents": self.documents, "characters": self.characters, "errors": self.errors}
        for label, number in self.labels.items():  # a model from elsewhere may have names that MLflow refuses
            name = "label_" + re.sub(r"[^\w. :/-]", "_", label)
            found[name] = found.get(name, 0) + number
        return {f"predict/{name}": float(number) for name, number in found.items()}


def place(row: Mapping[str, Any]) -> str:
    return f"{row['source']}, row {row['row']}" if "row" in row else str(row["source"])


def show(metrics: Metrics, *, where: Mapping[str, str | None]) -> None:
    """Counts, and where things are."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    labels = {name: number for name, number in metrics.items() if name.startswith("predict/label_")}
    for name in ("documents", "characters"):
        table.add_row(f"{metrics[f'predict/{name}']:,.0f}", name)
    for name, number in sorted(labels.items()):
        table.add_row(f"{number:,.0f}", name.removeprefix("predict/label_"))
    if not labels:
        table.add_row("0", f"spans, or labels with a probability of {CERTAIN} or more")
    if metrics["predict/errors"]:
        table.add_row(f"{metrics['predict/errors']:,.0f}", "documents could not be read (`error` says why)")
    console.print(table)
    if "time/documents_a_second" in metrics:
        console.print(f"{metrics['time/documents_a_second']:,.3g} documents a second")
    for name, value in where.items():
        if value:
            console.print(f"{name:<12} {value}", markup=False)


def write_page(path: Path, rows: Iterable[Mapping[str, Any]], *, most: int, tally: Tally, model: str) -> None:
    """A page that needs nothing else: the first `most` documents with coloured spans, or with bars."""
    with writing_whole(path) as file:
        for part in _page(islice(rows, most), most=most, tally=tally, model=model):
            file.write(part)


def _page(rows: Iterable[Mapping[str, Any]], *, most: int, tally: Tally, model: str) -> Iterator[str]:
    labels = [label for label, _ in tally.labels.most_common()]
    shown = f"the first {most:,} of {tally.documents:,}" if tally.documents > most else f"{tally.documents:,}"
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>Predictions</title>{_HEAD}"
    yield f"<header><h1>Predictions</h1><p>{html.escape(model)} · {shown} documents</p><p>"
    yield " ".join(
        f'<mark class="l{number % COLOURS}">{html.escape(label)}</mark> {tally.labels[label]:,}'
        for number, label in enumerate(labels)
    )
    yield "</p></header><main>"
    for row in rows:
        yield f"<article><h2>{html.escape(place(row))}</h2>"
        if "error" in row:
            yield f"<p class=error>{html.escape(row['error'])}</p>"
        yield f"<div class=text>{_marked(row['text'], row.get('spans', ()), labels)}</div>"
        yield from _bars(row.get("labels", {}))
        yield "</article>"
    yield "</main></html>\n"


def _marked(text: str, spans: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> str:
    parts, end = [], 0
    for span in spans:
        parts.append(html.escape(text[end : span["start"]]))
        label = html.escape(span["label"])
        colour = labels.index(span["label"]) % COLOURS
        inside = html.escape(text[span["start"] : span["end"]])
        parts.append(f'<mark class="l{colour}" title="{label} {span["score"]:.2f}">{inside}<sub>{label}</sub></mark>')
        end = span["end"]
    return "".join([*parts, html.escape(text[end:])])


def _bars(labels: Mapping[str, float]) -> Iterator[str]:
    if labels:
        yield "<table>"
    for label, score in labels.items():
        said = " class=said" if score >= CERTAIN else ""
        yield (
            f"<tr{said}><th>{html.escape(label)}<td><div class=bar><i style='width:{100 * score:.1f}%'></i></div>"
            f"<td>{score:.2f}"
        )
    if labels:
        yield "</table>"


COLOURS = 6

_HEAD = """<meta name=viewport content="width=device-width, initial-scale=1">
<meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
header { border-bottom: 1px solid #8886; margin-bottom: 1.5rem }
h1 { font-size: 1.4rem; margin: 0 } header p { margin: .3rem 0 .6rem }
article { margin: 0 0 1.8rem } h2 { font-size: .8rem; font-weight: 500; opacity: .65; margin: 0 0 .2rem }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.error { color: light-dark(#a40000, #ff9a8a); margin: 0 }
mark { color: inherit; border-radius: .25rem; padding: .05rem .2rem }
mark sub { font-size: .65em; opacity: .75; margin-left: .25em; vertical-align: baseline }
.l0 { background: light-dark(#ffd8a8, #7a4a12) } .l1 { background: light-dark(#a5d8ff, #1c4f7c) }
.l2 { background: light-dark(#b2f2bb, #22592c) } .l3 { background: light-dark(#eebefa, #64307a) }
.l4 { background: light-dark(#ffec99, #665500) } .l5 { background: light-dark(#ffc9c9, #7c2a2a) }
table { border-spacing: .6rem .1rem; margin: .3rem -.6rem; font-size: .85rem } th { text-align: left; font-weight: 400 }
.said th { font-weight: 700 } .bar { width: 10rem; height: .6rem; border-radius: .3rem; background: #8883 }
.bar i { display: block; height: 100%; border-radius: .3rem; background: light-dark(#1971c2, #74c0fc) }
</style>"""
