"""The folder of one review: what was drawn, and the answers that the page saves.

    review.json           what is reviewed, and how
    items.jsonl           the examples that were drawn, in the order in which they are shown
    sheets/<name>.csv     one for each annotator, to be filled in
    answers/<name>.jsonl  what an annotator answered on the page, a line an answer

Nothing that stands in a sheet or on the page tells the label where the review is blind; `items.jsonl` does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from clinsynth.artifacts import write_whole
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.json_lines import json_lines, read_json_lines

REVIEW, ITEMS, SHEETS, ANSWERS = "review.json", "items.jsonl", "sheets", "answers"

ANYONE = "sheet"
"""Name of the sheet where no annotators are named."""

CORRECT, WRONG = "correct", "wrong"
"""Answers about a label that is shown; `wrong` where the annotator does not say which one is right."""


class Subject(StrEnum):
    """The kind of examples that are reviewed."""

    corpus = "corpus"
    gold = "gold"


@dataclass(frozen=True)
class ReviewItem:
    """One example, as it is put to annotators."""

    id: str
    """A few hex digits of its content."""
    text: str
    given: str
    """Its label, as an annotator would write it (`ReviewRoom.given`)."""
    group: str
    """The label or unit by which it was drawn."""
    entities: list[dict[str, Any]]
    """Marked parts of the text: start, end, label, text."""
    row: dict[str, Any]
    """The example itself, as its task reads it back."""
    place: int | None = None
    """Its line in the corpus's examples, from 0; `None` for gold, which is found by its text."""


@dataclass(frozen=True)
class Written:
    """An answer as it was given; empty where there is none yet."""

    annotator: str
    item: str
    answer: str


@dataclass(frozen=True)
class Review:
    """The examples that are reviewed, and how."""

    subject: Subject
    name: str
    """The dataset that the corpus is for, or whose gold it is."""
    digest: str
    """12 hex digits of the corpus, or of the gold files."""
    task: str
    labels: tuple[str, ...]
    """As in the config of the task."""
    meanings: dict[str, str]
    """The meanings of labels, where the dataset says so."""
    blind: bool
    """The label is hidden, and annotators give one."""
    seed: int
    public: bool = False
    """Whether its texts may stand in logs and in reports."""


def write_review(folder: Path, review: Review, *, items: Sequence[ReviewItem]) -> None:
    """Write a review, its items first, so that a folder with a `review.json` is complete."""
    write_whole(folder / ITEMS, json_lines(asdict(item) for item in items))
    write_whole(folder / REVIEW, json.dumps(asdict(review), indent=2, ensure_ascii=False) + "\n")


def read_review(folder: Path) -> tuple[Review, list[ReviewItem]]:
    """Return a review; raises ConfigError where there is none, DataFormatError where it is damaged."""
    if not (folder / REVIEW).is_file():
        raise ConfigError(
            f"there is no review in {folder}: `clinsynth review action=export` draws examples and makes one; "
            "folder=... names another place."
        )
    try:
        content = json.loads((folder / REVIEW).read_text(encoding="utf-8"))
        content |= {"subject": Subject(content["subject"]), "labels": tuple(content["labels"])}
        return Review(**content), [ReviewItem(**row) for row in read_json_lines(folder / ITEMS)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataFormatError(
            f"the review in {folder} is damaged ({error}): export it again with force=true."
        ) from error


def named(folder: Path) -> list[str]:
    """Return the annotators for whom the export has written a sheet; empty where it named none."""
    return sorted(path.stem for path in (folder / SHEETS).glob("*.csv") if path.stem != ANYONE)


def annotators(folder: Path) -> list[str]:
    """Return who has answered on the page."""
    return sorted(path.stem for path in (folder / ANSWERS).glob("*.jsonl"))


def read_answers(folder: Path, annotator: str) -> dict[str, str]:
    """Return the answers by item, the latest of each, in the order in which they were given.

    Where one was taken back, the one before it counts again. A line that was cut off (a full disk, a lost machine) is
    no answer.
    """
    path = folder / ANSWERS / f"{annotator}.jsonl"
    given: list[tuple[str, str]] = []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
    for line in lines:
        try:
            row: Mapping[str, Any] = json.loads(line)
        except ValueError:
            continue
        if row["answer"] is not None:
            given.append((row["item"], row["answer"]))
        elif earlier := [place for place, (item, _) in enumerate(given) if item == row["item"]]:
            del given[earlier[-1]]
    found: dict[str, str] = {}
    for item, answer in given:
        found.pop(item, None)
        found[item] = answer
    return found


def save_answer(folder: Path, annotator: str, *, item: str, answer: str | None) -> None:
    """Add an answer at once, on the disk before this returns; `None` takes back the last one to the item."""
    path = folder / ANSWERS / f"{annotator}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"item": item, "answer": answer, "time": datetime.now(UTC).isoformat(timespec="seconds")}
    with path.open("ab") as file:
        cut = file.tell() and not _ends_with_newline(path)  # of a write that was interrupted
        file.write((b"\n" if cut else b"") + json.dumps(row, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
