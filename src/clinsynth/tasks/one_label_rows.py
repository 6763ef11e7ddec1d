"""A classifier's outputs as one row of probabilities a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.task import EncoderModel


@dataclass(frozen=True)
class OneLabelRows:
    """Of a task whose texts have one label each."""

    model: Callable[[], EncoderModel]
    SEPARATE: bool = False

    def rows(
        self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Any
    ) -> list[Any]:
        """Return the probabilities of each text's labels, [1, labels]."""
        return [output[None] for output in outputs]

    def read_rows(self, examples: Sequence[Any], *, rows: Sequence[Any], labels: Sequence[str]) -> list[Any]:
        """Return the texts with their likeliest labels."""
        outputs = [row[0] for row in rows]
        return self.model().predictions(examples, encoded=outputs, outputs=outputs, labels=labels)

    def targets(self, example: Any, *, labels: Sequence[str]) -> list[int]:
        """Return the number of the text's label."""
        return [labels.index(example.label)]

    def called(self, example: Any, number: int, *, labels: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Return the text, and its labels."""
        return "it", labels
