"""Token classification of whole words: all pieces of a word learn its label, and together they say what it is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from clinsynth.tasks.ner import model
from clinsynth.tasks.ner.model import CHECKPOINTS, Auto, FineTuner, build, collator, lost, predictions
from clinsynth.tasks.ner.span_model import recognises

__all__ = [
    "CHECKPOINTS",
    "Auto",
    "FineTuner",
    "build",
    "collator",
    "encode",
    "lost",
    "predictions",
    "recognises",
    "usage",
]

encode = partial(model.encode, whole=True)


def usage(path: Path) -> str:
    return model.usage(path).replace('aggregation_strategy="first"', 'aggregation_strategy="average"')
