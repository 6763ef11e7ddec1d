"""What models say of examples that they have not learnt from: each part is read by a model of the others."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tqdm import tqdm

from clinsynth.errors import ConfigError
from clinsynth.learning.learner import Student
from clinsynth.learning.sets import TrainingSet

SEED = 0
"""Of the parts and of the models, so that all seeds of a sweep have the same judges."""


def out_of_fold(examples: Sequence[Any], *, folds: int, student: Callable[[TrainingSet], Student]) -> list[Any]:
    """Return the probabilities of the labels of each example, by a model that was trained without it."""
    if len(examples) < folds:
        raise ConfigError(f"quality.folds={folds} are more parts than the {len(examples)} examples that there are.")
    order = list(range(len(examples)))
    random.Random(f"folds/{SEED}").shuffle(order)
    found: dict[int, Any] = {}
    for fold in tqdm(range(folds), desc="find label errors", unit="fold", disable=None):
        held = sorted(order[fold::folds])
        others = [examples[place] for place in sorted(set(order) - set(held))]
        model = student(TrainingSet(tuple(others), train=tuple(others), devel=()))
        model.fit(report=lambda measured: None)
        found |= zip(held, model.probabilities([examples[place] for place in held]), strict=True)
    return [found[place] for place in range(len(examples))]
