"""Lines that are written down for a while, and read again in any order."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType


class SpilledLines:
    """Lines in a file without a name in a folder; of each there are eight bytes in memory."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed by __exit__)
        self._ends = array("q", [0])

    def __enter__(self) -> SpilledLines:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, line: str) -> None:
        self._ends.append(self._ends[-1] + self._file.write(line.encode()))

    def at(self, places: Iterable[int]) -> Iterator[str]:
        """Yield the lines at some places, in the order of the places."""
        self._file.flush()
        for place in places:
            begin, end = self._ends[place], self._ends[place + 1]
            yield os.pread(self._file.fileno(), end - begin, begin).decode()
