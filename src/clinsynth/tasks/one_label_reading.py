"""Reads which one of several labels a text has, by the windows round its markers where a model knows some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinsynth.learning.encoder import whole_texts
from clinsynth.task import Cut, Reader

WHOLE = True


def cut(texts: Sequence[str], *, reader: Reader) -> list[Cut]:
    """Return windows round the markers; a model without them, such as one from elsewhere, reads all of a text."""
    return whole_texts.around(texts, reader=reader) if reader.markers else whole_texts.overlapping(texts, reader=reader)


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(-1)


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Return each label with its probability, the mean over windows."""
    return whole_texts.labelled(outputs, labels=labels, together=np.mean)
