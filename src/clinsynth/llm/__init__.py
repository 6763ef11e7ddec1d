"""Where completions come from. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clinsynth.types import Completion, Request

RECORDED = "recorded"


class KnownCompletions(Protocol):
    """Answers that exist already: out of files, or of the cache. Nobody is asked, and nothing is paid."""

    limited: bool
    """True where no more completions than there are can be had: the units are then those that it has answered."""

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        """Return the completions that exist already, by the id of their request."""

    def explain(self, missing: Sequence[Request]) -> str:
        """Say in a sentence why `find` has no answer to these."""
