"""Finds entities in any text by all pieces of its words."""

from __future__ import annotations

from functools import partial

from clinsynth.tasks.ner import inference
from clinsynth.tasks.ner.inference import WHOLE, answer, probabilities

__all__ = ["WHOLE", "answer", "cut", "probabilities"]

cut = partial(inference.cut, whole=True)
