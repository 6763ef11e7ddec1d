"""Where completions come from. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from clinsynth.types import Completion, Request

RECORDED = "recorded"


class KnownCompletions(Protocol):
    """Answers that exist already: out of files, or of the cache. Nobody is asked, and nothing is paid."""

    limited: bool
    """True where no more completions than there are can be had: the units are then those that it has answered."""

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        """Completions that exist already, by the id of their request; asks nobody and pays nothing."""

    def explain(self, missing: Sequence[Request]) -> str:
        """Why `find` has no answer to these, in a sentence."""


def cache_path(artifacts: Path) -> Path:
    return artifacts / "completions.db"
