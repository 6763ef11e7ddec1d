"""What a model's outputs say of examples, whether it has just learnt or was opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.task import Alike, Kind


@dataclass(frozen=True)
class Predicting:
    """How outputs become examples."""

    kind: Kind
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    """How sure a model has to be, by label; empty: however sure."""
    alike: Alike

    def examples(self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """Return the examples with what the outputs say of them."""
        model, labels = self.kind.model(), self.labels
        found = model.predictions(examples, encoded=encoded, outputs=outputs, labels=labels)
        if self.alike and self.kind.consistency:
            rows = probabilities(self.kind, examples, encoded=encoded, outputs=outputs, labels=labels)
            found, _ = self.kind.consistency.consistent(found, rows=rows, labels=labels, how=self.alike)
        if self.thresholds and self.kind.confidence:
            found = [self.kind.confidence.above(one, thresholds=self.thresholds) for one in found]
        return found


def probabilities(
    kind: Kind, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Sequence[str]
) -> list[Any]:
    """Return the probabilities of each example's labels; raises ConfigError where a task has no such."""
    if kind.probabilities is None:
        raise ConfigError(
            f"{kind.name} with this head has no probabilities of the labels of a word, or a text: it can neither label "
            "a corpus (annotator=model) nor find label errors (quality.label_errors)."
        )
    return kind.probabilities.rows(examples, encoded=encoded, outputs=outputs, labels=labels)
