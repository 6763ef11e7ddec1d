"""Finds entities that may lie in each other: texts are cut as for tags, and spans are read out of words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.task import Cut
from clinsynth.tasks.ner.inference import WHOLE, cut, placed
from clinsynth.tasks.ner.spans import found_spans
from clinsynth.text.entities import types_of_labels

__all__ = ["WHOLE", "answer", "cut", "probabilities"]


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Return the logits: spans have probabilities, words have none."""
    return logits


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Return spans with their probabilities."""
    if not outputs:
        return {"spans": []}
    rows = np.concatenate(outputs)
    ends = accumulate(text.sentences or (len(rows),))
    found: list[dict[str, Any]] = []
    for start, end in pairwise([0, *ends]):
        spans, scores = found_spans(rows[start:end], types=types_of_labels(labels))
        found += placed(spans, scores=scores, text=text.text, places=text.places[start:end])
    return {"spans": found}
