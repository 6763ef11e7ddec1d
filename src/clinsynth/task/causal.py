"""What a model that writes learns of an example of a task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol


class CausalModel(Protocol):
    """How a causal model learns the task: an example as turns, and an answer as an example."""

    def turns(self, example: Any) -> Sequence[str]:
        """Return what human and assistant say in turn; the human begins."""

    def worse(self, example: Any) -> Sequence[str]:
        """Return the same with an answer that is to be left for that of `turns`; empty where there is none."""

    def answered(self, example: Any, *, answer: str, loss: float, base_loss: float, pieces: int) -> Any:
        """Return a test example with a model's answer, and the loss of the reference, summed over its `pieces`.

        `base_loss` is that of the backbone, or the same where all of it was trained.
        """

    def usage(self, path: Path, *, adapter: bool) -> str:
        """Return Python lines that load a saved model, for its card."""
