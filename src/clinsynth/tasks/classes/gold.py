"""Gold data: annotated texts of any format with one label each, and the task's own: `text<TAB>class` lines."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.annotated.rows import NAMES
from clinsynth.files.annotated.texts import AnnotatedText
from clinsynth.files.utf8 import decode_lines
from clinsynth.tasks.classes.config import ClassesDataset
from clinsynth.tasks.classes.examples import Classified
from clinsynth.tasks.classes.masking import masked_rows

_ACCEPTED = "a row is text<TAB>class, or a table or JSON lines have the columns text and label."
_OWN = (".tsv", ".txt", "")


def read_path(
    path: Path,
    *,
    format: str | None,
    encoding: str | None,
    columns: Mapping[str, str] | None,
    dataset: ClassesDataset,
) -> list[Classified]:
    """Return the texts of a file or folder of any format; raises DataFormatError with file and line."""
    if path.is_file() and path.suffix.lower() in _OWN and not (format or encoding or columns or dataset.masked):
        text = decode_lines(path)
        if _is_own(text):
            return read_classified(text, path=path, dataset=dataset)
    texts = read_annotated(path, format=format, encoding=encoding, columns=columns)
    rows = masked_rows(texts, path=path, dataset=dataset) if dataset.masked else _labelled(texts, path=path)
    return [_classified(*row, dataset=dataset) for row in rows]


def read_classified(text: str, *, path: Path, dataset: ClassesDataset) -> list[Classified]:
    """Return the texts of `text<TAB>class` lines; raises DataFormatError with file and line."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != 2:
            raise DataFormatError(f"{path}:{number}: {len(cells)} column(s); {_ACCEPTED}")
        found.append(_classified(f"{path}:{number}", cells[0], cells[1], dataset=dataset))
    return found


def _labelled(texts: Sequence[AnnotatedText], *, path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield place, text and class of each text; raises DataFormatError for one that has none, or several."""
    for found in texts:
        place = found.place or str(path)
        if len(found.labels) != 1:
            said = ", ".join(map(repr, found.labels)) or "none"
            raise DataFormatError(f"{place}: a text has one class, and this one has {said}; {_ACCEPTED}")
        yield place, found.text, found.labels[0]


def _is_own(text: str) -> bool:
    """Say whether a file has no first line of names, of which one is that of the texts."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return {cell.strip().casefold() for cell in first.split("\t")}.isdisjoint(NAMES["text"])


def _classified(place: str, text: str, label: str, *, dataset: ClassesDataset) -> Classified:
    """Return a text with its class, which has each marker of the dataset once."""
    text = " ".join(text.split())
    if not text:
        raise DataFormatError(f"{place}: the text is empty.")
    for marker in dataset.markers:
        if text.count(marker) != 1:
            raise DataFormatError(
                f"{place}: {marker} stands {text.count(marker)} times in {text[:80]!r}; each of dataset.markers "
                f"({', '.join(dataset.markers)}) stands once in a text, in the place of what its class is about."
            )
    return Classified(text, _known(label, place=place, dataset=dataset), tuple(dataset.markers), dataset.negative)


def _known(label: str, *, place: str, dataset: ClassesDataset) -> str:
    """Return a class as the dataset writes it; raises DataFormatError where it has none of this name."""
    folded = {name.casefold(): name for name in dataset.classes}
    written = label.strip().casefold()
    if written in folded:
        return folded[written]
    near = difflib.get_close_matches(written, folded, n=1, cutoff=0.5)
    raise DataFormatError(
        f"{place}: {label.strip()!r} is no class of {dataset.name}: dataset.classes has {', '.join(dataset.classes)}."
        + (f" Did you mean {folded[near[0]]}?" if near else "")
    )
