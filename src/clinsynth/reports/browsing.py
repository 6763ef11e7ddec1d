"""A corpus as one page: its texts, kept and rejected, to filter and search in a browser without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from clinsynth import tasks
from clinsynth.corpora import DOUBT, Corpus
from clinsynth.reports.templates import write_page
from clinsynth.review.marking import pieces
from clinsynth.task import NONE, Examples
from clinsynth.types import Example


def write_browser(path: Path, corpus: Corpus) -> None:
    """Write the page, row by row; nobody but its owner may read the file, for it holds all texts."""
    counts, manifest = corpus.manifest.counts, corpus.manifest
    rejected = sum(manifest.rejected.values())
    by = ", ".join(manifest.models) or "nobody"
    about = f"{counts['kept']:,} kept and {rejected:,} rejected texts, written by {by}"
    title = f"{manifest.dataset}, corpus {corpus.digest}"
    of = tasks.kind(manifest.task).examples
    rows = (_in_page(_row(row, of)) for row in chain(corpus.rows(), corpus.rejected()))
    write_page(path, "browse.html", private=True, title=title, about=about, rows=rows)


def _row(row: Mapping[str, Any], of: Examples) -> dict[str, Any]:
    """Return what the page shows of a text, marked as far as it was labelled."""
    example = _example(row, of)
    text, entities = (example.text, example.entities()) if example else (row["text"], [])
    shown: dict[str, Any] = {
        "unit": row["unit"],
        "labels": _labels(row, example),
        "parts": [[piece, entity["label"]] if entity else [piece] for piece, entity in pieces(text, entities)],
    }
    if example and example.label:
        shown["whole"] = True  # labels are of the whole text, which no mark shows
    if "reason" in row:
        return shown | {"reason": row["reason"], "detail": row["detail"]}
    return shown | ({"reason": DOUBT, "detail": row[DOUBT], "kept": True} if DOUBT in row else {})


def _example(row: Mapping[str, Any], of: Examples) -> Example | None:
    try:
        example: Example = of.from_json(row)
    except KeyError:  # it was rejected before it was labelled
        return None
    return example


def _labels(row: Mapping[str, Any], example: Example | None) -> list[str]:
    """Return the labels by which a text is found: its own, else the kinds of its entities."""
    if example is None:
        return []
    if example.label:
        return list(row.get("labels") or [example.label])
    return sorted({entity["label"] for entity in example.entities()}) or [NONE]


def _in_page(row: Mapping[str, Any]) -> str:
    """Return JSON that ends no script, whatever its texts hold."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")
