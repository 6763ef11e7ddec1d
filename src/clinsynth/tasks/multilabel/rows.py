"""A classifier's outputs as two probabilities a criterion, that it does not hold for the text and that it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.tasks.multilabel.gold import Note

SEPARATE = True


def rows(
    examples: Sequence[Note], *, encoded: Sequence[Any], outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]
) -> list[NDArray[np.float32]]:
    """Return the probabilities of each text's criteria, [criteria, 2]."""
    return [np.stack((1 - output, output), axis=-1) for output in outputs]


def read_rows(examples: Sequence[Note], *, rows: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> list[Note]:
    """Return the texts with the criteria that hold rather than not."""
    from clinsynth.tasks.multilabel import model  # imports torch

    outputs = [row[:, 1] for row in rows]
    return model.predictions(examples, encoded=(), outputs=outputs, labels=labels)


def targets(example: Note, *, labels: Sequence[str]) -> list[int]:
    """Return 1 for each criterion that holds, else 0."""
    return [int(label in example.labels) for label in labels]


def called(example: Note, number: int, *, labels: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the criterion, and that it is absent or present."""
    return labels[number], ("absent", "present")
