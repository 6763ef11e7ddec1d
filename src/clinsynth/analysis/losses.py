"""How well a trained model knows an example with its labels: the less it is surprised, the lower the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinsynth.errors import ConfigError
from clinsynth.learning.learner import Opened
from clinsynth.task import Kind

LEAST = 1e-7
"""Probabilities are at least this, so that a loss is finite."""

Losses = NDArray[np.float64]


def losses(model: Opened, examples: Sequence[Any], *, kind: Kind, labels: Sequence[str]) -> Losses:
    """Return the mean cross-entropy of each example's labels (of words, criteria or the text), in nats [examples].

    Of a model that writes it is that of the dialogue's word pieces. Raises ConfigError for a model that gives labels no
    probabilities.
    """
    if kind.probabilities is not None:
        rows = model.probabilities(examples)
        targets = [kind.probabilities.targets(example, labels=labels) for example in examples]
        return np.array([_mean(row, target) for row, target in zip(rows, targets, strict=True)])
    if kind.learner == "causal":
        from clinsynth.learning.causal.opening import OpenedChat  # takes seconds

        assert isinstance(model, OpenedChat)
        return np.array([model.surprise(example.turns) for example in examples])
    raise ConfigError(
        f"the loss of an example is that of its labels' probabilities, and {kind.name} with this head gives none: "
        "train a model of ner with backbone.head=token or word."
    )


def _mean(row: Any, target: Sequence[int]) -> float:
    return -float(np.log(np.maximum(np.asarray(row, dtype=np.float64)[range(len(target)), target], LEAST)).mean())
