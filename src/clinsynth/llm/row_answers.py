"""Answers that were given row by row, as recordings of requests that show several rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import each_object
from clinsynth.files.utf8 import decode
from clinsynth.types import Request

ACCEPTED = 'a line is a JSON object like {"row": 12, "mentions": ["ataxia", "gout"]}.'


def read_row_answers(path: Path) -> dict[int, list[str]]:
    """Return what is listed for each row; raises DataFormatError, with file and line, for a line that is none."""
    found: dict[int, list[str]] = {}
    for place, row in each_object(decode(path).split("\n"), path=path, accepted=ACCEPTED):
        number, mentions = row.get("row"), row.get("mentions")
        if not isinstance(number, int) or not isinstance(mentions, list):
            raise DataFormatError(f"{place}: {ACCEPTED}")
        if number in found:
            raise DataFormatError(f"{place}: row {number} stands in the file already.")
        found[number] = [str(mention) for mention in mentions]
    return found


def recorded_rows(
    requests: Sequence[Request], *, rows: Sequence[Sequence[int]], answers: Mapping[int, Sequence[str]], model: str
) -> Iterator[dict[str, Any]]:
    """Yield a recording of each request, whose texts are those of `rows`; one of which a row has no answer is none."""
    for request, shown in zip(requests, rows, strict=True):
        if all(row in answers for row in shown):
            lines = (" | ".join(answers[row]) or "none" for row in shown)
            text = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
            yield {"id": request.id, "model": model} | request.evidence | {"completion": text, "finish_reason": "stop"}
