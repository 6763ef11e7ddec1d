"""Gold data: `sentence<TAB>label` lines, or `index<TAB>sentence<TAB>label`, with or without a header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.tasks.markers import marked_places
from clinsynth.tasks.relation.config import LABELS, RelationDataset

NEGATIVE, POSITIVE = LABELS
_WRITTEN = {"1": POSITIVE, "0": NEGATIVE, "yes": POSITIVE, "no": NEGATIVE}
_SENTENCE = ("sentence", "text")


@dataclass(frozen=True)
class Relation:
    """A sentence with two marked things, and whether it says that they are related."""

    text: str
    label: str
    """`Yes` or `No`."""
    markers: tuple[str, ...] = ("@GENE$", "@DISEASE$")
    score: float | None = None
    """Probability of `Yes`, where a model has said so."""
    confidence: float | None = None
    """How sure whoever labelled it was of the label, 0 to 1; `None` where nothing is said of it."""

    @property
    def positive(self) -> bool:
        return self.label == POSITIVE

    def entities(self) -> list[dict[str, Any]]:
        return marked_places(self.text, self.markers)

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "label": self.label, "markers": list(self.markers)}


def unlabelled(text: str, *, markers: tuple[str, ...]) -> Relation:
    """Return a sentence that nobody has labelled: it says nothing yet."""
    return Relation(text, NEGATIVE, markers)


def read_relations(text: str, *, path: Path, dataset: RelationDataset) -> list[Relation]:
    """Return the rows of one split; raises DataFormatError with file and line.

    A row has each marker exactly once. The first line is a header where it names the columns sentence (or text)
    and label.
    """
    markers = tuple(dataset.markers)
    rows: list[Relation] = []
    places: tuple[int, int] | None = None
    width = 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if places is None:
            named = _header(cells, markers)
            width = len(cells)
            places = named or (width - 2, width - 1)
            if named:
                continue
        rows.append(_row(cells, places, width=width, markers=markers, place=f"{path}:{number}"))
    return rows


def _header(cells: Sequence[str], markers: Sequence[str]) -> tuple[int, int] | None:
    """Return the places of sentence and label, where the cells are their names."""
    names = [cell.casefold() for cell in cells]
    sentence = next((name for name in _SENTENCE if name in names), None)
    if sentence is None or "label" not in names or any(marker in cell for cell in cells for marker in markers):
        return None
    return names.index(sentence), names.index("label")


def _row(
    cells: Sequence[str], places: tuple[int, int], *, width: int, markers: tuple[str, ...], place: str
) -> Relation:
    accepted = f"a row is sentence<TAB>label or index<TAB>sentence<TAB>label, with {' and '.join(markers)} once each."
    sentence, label = places
    if len(cells) != width or width not in (2, 3):
        raise DataFormatError(f"{place}: {len(cells)} column(s); {accepted}")
    if cells[label].casefold() not in _WRITTEN:
        raise DataFormatError(f"{place}: the label {cells[label]!r} is none of 1, 0, Yes, No; {accepted}")
    for marker in markers:
        number = cells[sentence].count(marker)
        if number != 1:
            raise DataFormatError(f"{place}: {marker} stands {number} times in {cells[sentence][:80]!r}; {accepted}")
    return Relation(cells[sentence], _WRITTEN[cells[label].casefold()], markers)
