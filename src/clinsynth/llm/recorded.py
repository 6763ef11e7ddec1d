"""Completions out of JSON lines: an LLM that answers what it was asked once, and nothing else.

A line has `id` (`dataset/prompt/unit#replicate`), `model`, `completion`, `finish_reason`, and the
evidence of what was asked, which is `prompt` in most cases. The dataset in the id does not count,
so that one dataset can use the recordings of another, and one of several types those of datasets with one. An id may
stand several times where what was asked differs, such as 30 sentences of a unit in one file and 2 of it in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinsynth.errors import DataFormatError
from clinsynth.files.json_lines import check_characters, each_object, write_json_lines
from clinsynth.files.sources import no_file
from clinsynth.files.utf8 import decode
from clinsynth.keys import digest
from clinsynth.llm.servers.logprobs import read_stored
from clinsynth.types import Completion, Request

ACCEPTED = (
    'a line is a JSON object like {"id": "dataset/sentences/ataxia#0", "model": "...", "prompt": "...", '
    '"completion": "1. ...", "finish_reason": "stop"}.'
)

ABOUT = ("sentence", "text", "prompt")
"""Fields that may hold the text that an answer is about; what counts is its place in the test set."""
ANSWER = ("id", "model", "completion", "finish_reason")
"""Fields of an answer; all others say what was asked."""
Key = tuple[str, str, int]
"""Prompt, unit, replicate."""


def parse_id(text: str) -> tuple[str, str, str, int]:
    """Return dataset, prompt, unit and replicate; raises ValueError. A unit may hold `/` and `#`."""
    head, _, replicate = text.rpartition("#")
    dataset, prompt, unit = head.split("/", 2)
    if not (dataset and prompt and unit and replicate.isdecimal()):
        raise ValueError(text)
    return dataset, prompt, unit, int(replicate)


class RecordedCompletions:
    """Reads its files when it is first asked; raises DataFormatError with file and line."""

    limited = True

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._rows: dict[Key, list[dict[str, Any]]] | None = None
        self._by_messages: dict[str, dict[str, Any]] = {}

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        found = {}
        for request in requests:
            row = next((row for row in self._of(request) if not _differing(row, request)), self._same(request))
            if row is not None:
                about = next((row[key] for key in ABOUT if isinstance(row.get(key), str)), "")
                found[request.id] = Completion(
                    row["id"],
                    row["model"],
                    row["completion"],
                    row["finish_reason"],
                    about=about,
                    logprobs=read_stored(row.get("logprobs")),
                )
        return found

    def explain(self, missing: Sequence[Request]) -> str:
        if not self.files:
            return "No recordings are given: name files as llm.recordings=[mine.jsonl]."
        where = ", ".join(map(str, self.files))
        other = next((request for request in missing if self._of(request)), None)
        if other is None:
            prompts = ", ".join(sorted({prompt for prompt, _, _ in self._rows or {}})) or "none"
            return f"They are not in {where} (which answers the prompts: {prompts})."
        row = self._of(other)[0]
        names = ", ".join(_differing(row, other))
        return f"In {where} the id {row['id']!r} answers another request: its `{names}` differs from what is asked."

    def _same(self, request: Request) -> dict[str, Any] | None:
        """Return a row under another id that holds the very messages: of equal test texts one is asked."""
        if not request.messages:
            return None
        return self._by_messages.get(_messages_digest(request.id, request.messages))

    def _of(self, request: Request) -> list[dict[str, Any]]:
        if self._rows is None:
            self._rows = {}
            for row in read_recordings(self.files):
                self._rows.setdefault(parse_id(row["id"])[1:], []).append(row)
                if row.get("messages"):
                    self._by_messages[_messages_digest(row["id"], row["messages"])] = row
        _, prompt, unit, replicate = parse_id(request.id)
        term = unit.partition(":")[2]  # of a unit of several types: a row of a dataset with one has the term alone
        keys = [(prompt, unit, replicate), (prompt, term, replicate)]
        return [row for key in dict.fromkeys(keys) for row in self._rows.get(key, [])]


def _messages_digest(id: str, messages: Sequence[dict[str, str]]) -> str:
    _, prompt, _, replicate = parse_id(id)
    return digest([prompt, replicate, list(messages)])


def _differing(row: dict[str, Any], request: Request) -> list[str]:
    """Return the names of what a row was asked otherwise; one that holds its messages answers no others."""
    names = [name for name, value in request.evidence.items() if row.get(name) != value]
    messages = row.get("messages")
    return names + (["messages"] if messages and request.messages and messages != list(request.messages) else [])


def write_requests(path: Path, requests: Sequence[Request]) -> None:
    """Write the file that would answer the requests, with its completions left empty."""
    rows = []
    for request in requests:
        messages = {} if request.evidence.get("prompt") == _content(request) else {"messages": list(request.messages)}
        rows.append(
            {"id": request.id, "model": ""} | request.evidence | messages | {"completion": "", "finish_reason": "stop"}
        )
    write_json_lines(path, rows)


def _content(request: Request) -> str | None:
    return request.messages[0]["content"] if request.messages else None


def read_recordings(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the rows with a completion; one that is still empty is no answer."""
    rows = []
    first: dict[str, str] = {}
    for path in files:
        if not path.is_file():
            raise no_file(path, said="no recordings")
        for place, found in each_object(decode(path).split("\n"), path=path, accepted=ACCEPTED):
            row = _checked({"model": "unknown", "finish_reason": "stop"} | found, place=place)
            if not row["completion"].strip():
                continue
            asked = _asked(row)
            if asked in first:
                raise DataFormatError(
                    f"{place}: the id {row['id']!r} stands at {first[asked]} already, where the same was asked. One "
                    "request has one answer: remove one of them, or number it as another replicate (#1, #2 ...)."
                )
            first[asked] = place
            rows.append(row)
    return rows


def _asked(row: dict[str, Any]) -> str:
    """Return the digest of what a row was asked: its id, and its evidence."""
    return digest([row["id"], {name: value for name, value in row.items() if name not in ANSWER}])


def _checked(row: dict[str, Any], *, place: str) -> dict[str, Any]:
    for name in ("id", "model", "completion", "finish_reason"):
        if not isinstance(row.get(name), str):
            raise DataFormatError(f"{place}: `{name}` is missing or no string; {ACCEPTED}")
    check_characters([row["id"], row["completion"]], place=place)
    try:
        parse_id(row["id"])
    except ValueError as error:
        raise DataFormatError(
            f"{place}: the id {row['id']!r} is not of the form dataset/prompt/unit#replicate, such as "
            "mine/sentences/Tay-Sachs disease#0."
        ) from error
    return row
