"""Labels that look wrong to models that have not learnt from them (confident learning, Northcutt et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clinsynth.errors import ConfigError


@dataclass(frozen=True)
class Doubt:
    """A label that is probably wrong."""

    example: int
    """The place of its example."""
    unit: int
    """The place of the label in the example: of its words, its criteria, or 0 of a whole text."""
    given: int
    """The number of the label."""
    likely: int
    """That of the label that the model gives."""
    sure: float
    """How sure the model is of that."""


def find_label_errors(
    rows: Sequence[Any], targets: Sequence[Sequence[int]], *, separately: bool = False
) -> list[Doubt]:
    """Return what cleanlab doubts, the worst label first.

    `rows` are probabilities [units, labels] of each example by a model that has not learnt from it, `targets` the
    labels that the units have; `separately` says that all examples have the same units, such as criteria, of which each
    has labels of its own. Raises ConfigError where cleanlab is not installed.
    """
    asked: dict[int, list[tuple[int, int]]] = {}
    for example, own in enumerate(targets):
        for unit in range(len(own)):
            asked.setdefault(unit if separately else 0, []).append((example, unit))
    found = [doubt for places in asked.values() for doubt in _doubted(places, rows=rows, targets=targets)]
    return sorted(found, key=lambda doubt: -doubt.sure) if separately else found


def _doubted(
    places: Sequence[tuple[int, int]], *, rows: Sequence[Any], targets: Sequence[Sequence[int]]
) -> list[Doubt]:
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise ConfigError(
            "quality.label_errors needs cleanlab: pip install 'clinsynth[cleanlab]', or leave it at keep."
        ) from error
    given = np.array([targets[example][unit] for example, unit in places])
    if len(np.unique(given)) < 2:  # of one label alone nothing can be learnt, and cleanlab refuses it
        return []
    chances = np.array([rows[example][unit] for example, unit in places], dtype=np.float64)
    chances /= chances.sum(-1, keepdims=True)
    found = find_label_issues(given, chances, return_indices_ranked_by="self_confidence", n_jobs=1)
    likely = chances.argmax(-1)
    return [
        Doubt(places[one][0], places[one][1], int(given[one]), int(likely[one]), float(chances[one].max()))
        for one in np.asarray(found).tolist()
        if likely[one] != given[one]
    ]
