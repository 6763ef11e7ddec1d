"""A log of all that was sent to an LLM, which only grows: when, where to, how much, and a fingerprint of it; no text.

Each line holds the sha256 of the line before it, so that a line that is changed, left out or put in later breaks the
chain. Lines cut off at the end are noticed by MLflow, whose runs name the line that was the last one when they ended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from clinsynth.keys import digest
from clinsynth.types import Request

FILE = "sent.jsonl"
FIRST = "0" * 64
"""Stands in the place of the line before the first one."""

LONGEST = 4096
"""Bytes of a line, at most."""


@dataclass(frozen=True)
class Sent:
    """One request that left this process."""

    time: str
    """UTC, ISO 8601."""
    to: str
    """Address of the server, without name and password."""
    model: str
    messages: str
    """The sha256 of what was said, as canonical JSON: that of the same request in completions.db."""
    characters: int
    gold: int
    """Of these, characters of gold text."""
    before: str
    """The sha256 of the line before."""

    @cached_property
    def sha256(self) -> str:
        """Return the fingerprint of this line."""
        return digest(asdict(self))

    @property
    def line(self) -> str:
        """Return it as it is written."""
        return json.dumps(asdict(self) | {"sha256": self.sha256}, ensure_ascii=False) + "\n"


class SendLog:
    """The log in a folder of artifacts; processes of one machine share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = ""
        """The sha256 of the last line that this process wrote; empty where it wrote none."""
        self._size = -1

    def note(self, requests: Iterable[Request], *, to: str, model: str) -> None:
        """Write a line a request, before it is sent."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"), self.path.open("ab+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            before, lines = self._before(size)
            for request in requests:
                said = sum(len(message["content"]) for message in request.messages)
                entry = Sent(now, to, model, digest(list(request.messages)), said, request.gold_characters, before)
                lines += entry.line.encode()
                before = entry.sha256
            try:
                while lines:
                    lines = lines[file.write(lines) :]
            except OSError:  # the disk is full, and nothing will be sent
                file.truncate(size)
                raise
            self.last, self._size = before, file.tell()

    def _before(self, size: int) -> tuple[str, bytes]:
        """Return the sha256 of the last line, which another process may have written, and the line end it may lack."""
        if size == self._size:
            return self.last, b""
        with self.path.open("rb") as file:
            file.seek(max(0, size - LONGEST))
            end = file.read()
        torn = b"" if end.endswith(b"\n") or not end else b"\n"
        for line in reversed(end.splitlines()):
            try:
                return str(json.loads(line)["sha256"]), torn
            except (ValueError, KeyError, TypeError):  # torn as its process was killed: `faults` tells of it
                continue
        return FIRST, torn


def entries(path: Path) -> Iterator[tuple[int, Sent | None, str]]:
    """Yield the number of each line from 1, what it says (`None` for what is no entry), and the sha256 it claims."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                claimed = str(row.pop("sha256"))
                yield number, Sent(**row), claimed
            except (ValueError, KeyError, TypeError, AttributeError):
                yield number, None, ""


def faults(path: Path, *, known: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with the chain; `known` are lines that were its last one, which have to be there."""
    found, before, there = [], FIRST, set()
    for number, entry, claimed in entries(path):
        if entry is None:
            found.append(f"line {number} is no entry")
            continue
        if entry.sha256 != claimed:
            found.append(f"line {number} was changed")
        elif entry.before != before:
            found.append(f"a line before line {number} was changed, left out or put in")
        before = claimed
        there.add(claimed)
    gone = set(known) - there
    return found + ([f"lines are cut off: {len(gone)} runs of MLflow name a line that is gone"] if gone else [])
