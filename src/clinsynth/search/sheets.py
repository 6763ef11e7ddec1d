"""A sheet on which a person scores the samples of each prompt: the paper's way."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

from clinsynth.errors import DataFormatError
from clinsynth.files import sheets
from clinsynth.keys import digest
from clinsynth.search.tree import CandidatePrompt
from clinsynth.types import Metrics

COLUMNS = ("candidate", "score", "samples", "prompt")


class Waiting(Exception):
    """The search goes on when a person has filled in the sheet."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def read_or_write_sheet(candidates: Sequence[CandidatePrompt], *, number: int, folder: Path) -> dict[str, Metrics]:
    """Return the scores of a round; raises Waiting where the sheet has none, DataFormatError where some are missing."""
    path = folder / f"round-{number}.csv"
    if not path.is_file():
        _write_sheet(candidates, path=path, number=number)
        raise Waiting(path)
    rows = sheets.read_sheet(path, columns=("candidate", "score"))
    names = {_code(candidate): candidate.name for candidate in candidates}
    scores = {row["candidate"]: row["score"] for row in rows if row["candidate"] in names}
    doubled = [code for code in names if len({row["score"] for row in rows if row["candidate"] == code}) > 1]
    if doubled:
        raise DataFormatError(f"{path} has two scores for {', '.join(doubled)}: leave one of the rows.")
    missing = [code for code in names if code not in scores]
    if missing:
        raise DataFormatError(
            f"{path} has no row for {', '.join(missing)}, {len(missing)} of the {len(names)} candidates of round "
            f"{number}. Put the rows back, or delete the file: a new one is left with all of them."
        )
    empty = [code for code in names if not scores[code]]
    if len(empty) == len(names):
        raise Waiting(path)
    if empty:
        raise DataFormatError(
            f"{path} has no score for {', '.join(empty)}: every candidate needs a number, and higher is better."
        )
    return {name: {"score": _number(scores[code], code=code, path=path)} for code, name in names.items()}


def _write_sheet(candidates: Sequence[CandidatePrompt], *, path: Path, number: int) -> None:
    """Write a sheet, in an order that does not tell which candidate is the best so far."""
    shuffled = list(candidates)
    random.Random(number).shuffle(shuffled)
    rows = ((_code(candidate), "", candidate.numbered, candidate.text) for candidate in shuffled)
    sheets.write_sheet(path, (dict(zip(COLUMNS, row, strict=True)) for row in rows), columns=COLUMNS)


def _number(written: str, *, code: str, path: Path) -> float:
    try:
        number = float(written.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataFormatError(f"{path}: the score {written!r} of {code} is no number.")
    return number


def _code(candidate: CandidatePrompt) -> str:
    """Return a name that says nothing about the round of a prompt, and changes with its samples."""
    return f"c-{digest([candidate.text, candidate.kept])[:6]}"
