"""Which labels hold for a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.inference import sequences
from clinsynth.inference.windows import Cut, Reader


def cut(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    return sequences.overlapping(texts, reader=reader)


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.sigmoid()


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Each label with its probability: that of the window in which it is highest, for one sentence may meet it."""
    return sequences.labelled(outputs, labels=labels, together=np.max)
