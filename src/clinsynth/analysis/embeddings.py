"""Sentence embeddings, from the encoder that comes with the package."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCH = 64


def embed(texts: Sequence[str], *, progress: bool = False) -> NDArray[np.float32]:
    """Unit vectors [texts, 384] of all-MiniLM-L6-v2 (Reimers and Gurevych 2019).

    `progress` shows a bar, on a terminal only.
    """
    found: NDArray[np.float32] = _encoder().encode(
        list(texts),
        batch_size=BATCH,
        normalize_embeddings=True,
        show_progress_bar=progress and sys.stderr.isatty(),
    )
    return found


@lru_cache(maxsize=1)
def _encoder() -> Any:
    import transformers  # all three take seconds
    from sentence_transformers import SentenceTransformer

    from clinsynth.learning.encoder.weights import embedded

    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)  # a line and a bar over what takes no time
    transformers.logging.disable_progress_bar()

    return SentenceTransformer(embedded(), device="cpu")
