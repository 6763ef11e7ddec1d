"""A file of JSON lines that grows while a job runs, complete as soon as it has its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from clinsynth.files.json_lines import json_lines


class Growing:
    """Lines of a job, in a file beside `path` that is named by the job; the same job goes on where it was stopped."""

    def __init__(self, path: Path, *, job: str, anew: bool = False) -> None:
        self.path, self.part = path, path.with_name(f".{path.name}.{job[:12]}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        if anew:
            self.part.unlink(missing_ok=True)
        self.done = self._recover()
        """Lines that were there already."""

    def __enter__(self) -> Growing:
        self._file = self.part.open("ab")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._file.close()

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._file.write(json_lines(rows).encode())
        self._file.flush()

    def finish(self) -> None:
        """Give the file its name; parts of other jobs for it are removed, for their texts should not lie about."""
        self.part.replace(self.path)
        for rest in self.path.parent.glob(f".{self.path.name}.*.part"):
            rest.unlink()

    def _recover(self) -> int:
        """Count the lines and take off a last one that was cut."""
        if not self.part.is_file():
            return 0
        lines, end = 0, 0
        with self.part.open("r+b") as file:
            for line in file:
                if line.endswith(b"\n"):
                    lines, end = lines + 1, end + len(line)
            file.truncate(end)
        return lines
