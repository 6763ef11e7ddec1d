"""Gold data: CSV or JSON lines with the columns `text` and `labels`."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import check_characters, each_value
from clinsynth.files.tables import check_named_once, read_table
from clinsynth.tasks.multilabel.config import NONE, MultilabelDataset

_ACCEPTED = (
    'it needs the columns text and labels: a CSV with a header and labels such as "A2;B4" (empty or none for none), or '
    'JSON lines such as {"text": "...", "labels": ["A2", "B4"]}.'
)


@dataclass(frozen=True)
class Note:
    """A text and the labels that hold for it, maybe none."""

    text: str
    labels: tuple[str, ...]
    weight: float = 1.0
    """How much its loss counts."""
    scores: tuple[tuple[str, float], ...] = ()
    """Each label with its probability, where a model has said so."""
    confidence: float | None = None
    """How sure whoever labelled it was of all labels, 0 to 1; `None` where nothing is said of it."""

    @property
    def label(self) -> str:
        return ", ".join(self.labels) or NONE

    def entities(self) -> list[dict[str, Any]]:
        return []

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "labels": list(self.labels), "weight": self.weight}


def read_notes(text: str, *, path: Path, dataset: MultilabelDataset) -> list[Note]:
    """Return the notes of one split; raises DataFormatError with file and line, and for a label that no note has."""
    rows = _csv(text, path=path) if path.suffix.lower() in (".csv", ".tsv") else _json(text, path=path)
    notes = [_note(found, labels, place=place, dataset=dataset) for place, found, labels in rows]
    absent = [label for label in dataset.labels if not any(label in note.labels for note in notes)]
    if notes and absent:
        raise DataFormatError(
            f"{path}: no example of {', '.join(absent)}. Every label of dataset.labels needs one in each split, or it "
            "can be neither learnt nor scored: take it out of dataset.labels, or add examples."
        )
    return notes


def _csv(text: str, *, path: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield place, text and labels of each row."""
    delimiters = "\t" if path.suffix.lower() == ".tsv" else ",;\t"
    names, rows = read_table(io.StringIO(text, newline=""), path=path, delimiters=delimiters)
    if not {"text", "labels"} <= set(names):
        raise DataFormatError(f"{path}: its columns are {', '.join(names) or 'none'}; {_ACCEPTED}{_instead(names)}")
    check_named_once(names, "text", "labels", path=path)
    for place, cells in rows:
        if len(cells) > len(names):
            raise DataFormatError(
                f"{place}: more cells than columns; a text or labels with the delimiter in them need quotes."
            )
        row = dict(zip(names, cells, strict=False))
        absent = next((name for name in ("text", "labels") if name not in row), None)
        if absent:
            raise DataFormatError(f"{place}: the row ends before its {absent}; {_ACCEPTED}")
        yield place, row["text"], re.split(r"[;|,]", row["labels"])


def _instead(names: Sequence[str]) -> str:
    """Return what to do about a first line that nearly names the columns."""
    if {name.strip().casefold() for name in names} >= {"text", "labels"}:
        return " Write the names in lower case, without blanks around them."
    return ""


def _json(text: str, *, path: Path) -> Iterator[tuple[str, str, Any]]:
    for place, line, row in each_value(text.split("\n"), path=path, accepted=_ACCEPTED):
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("labels"), list):
            raise DataFormatError(f"{place}: {line[:80]!r} has no text or no list of labels; {_ACCEPTED}")
        check_characters(row["text"], place=place)
        yield place, row["text"], row["labels"]


def _note(text: str, written: Sequence[Any], *, place: str, dataset: MultilabelDataset) -> Note:
    if not text.strip():
        raise DataFormatError(f"{place}: the text is empty.")
    named = {label for found in written if (label := str(found).strip()).casefold() not in ("", NONE)}
    unknown = sorted(named - set(dataset.labels))
    if unknown:
        folded = {label.casefold(): label for label in dataset.labels}
        near = difflib.get_close_matches(unknown[0].casefold(), folded, n=1, cutoff=0.5)
        raise DataFormatError(
            f"{place}: {unknown[0]!r} is no label of {dataset.name}: dataset.labels has {', '.join(dataset.labels)}."
            + (f" Did you mean {folded[near[0]]}?" if near else "")
        )
    return Note(" ".join(text.split()), tuple(label for label in dataset.labels if label in named))
