"""Reads which labels hold for a text."""

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
    return whole_texts.overlapping(texts, reader=reader)


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    return logits.sigmoid()


def answer(text: Cut, *, outputs: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> dict[str, Any]:
    """Return each label with its highest probability in a window, for one sentence may meet it."""
    return whole_texts.labelled(outputs, labels=labels, together=np.max)
