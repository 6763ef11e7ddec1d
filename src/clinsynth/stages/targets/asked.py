"""A table or figure that `report` is asked for, and where it may look."""

from __future__ import annotations

import contextlib
import io
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinsynth.artifacts import ArtifactStore
from clinsynth.stages import grid
from clinsynth.stages.grid import Planned
from clinsynth.tracking import Ledger


def quietly() -> contextlib.AbstractContextManager[object]:
    """Return a context without what a job would print, such as how many units are recorded."""
    return contextlib.redirect_stdout(io.StringIO())


def command_words(target: str, *, scale: str, overrides: Sequence[str]) -> str:
    """Return words of the command line, for `sweep` and `report`."""
    return shlex.join([f"target={target}", f"scale={scale}", *(["--", *overrides] if overrides else [])])


@dataclass(frozen=True)
class Asked:
    """A table or figure at a scale."""

    target: str
    scale: str
    overrides: tuple[str, ...]
    title: str
    ledger: Ledger
    store: ArtifactStore

    def jobs(self) -> Iterator[Planned]:
        """Return the jobs of its grids."""
        yield from grid.jobs(self.target, scale=self.scale, overrides=self.overrides)

    @property
    def words(self) -> str:
        """Return the words of the command line."""
        return command_words(self.target, scale=self.scale, overrides=self.overrides)
