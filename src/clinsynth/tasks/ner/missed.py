"""Units that a model gets wrong on data that it has not learnt from."""

from __future__ import annotations

from collections import Counter

from clinsynth.task import typed_unit
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.types import Predictions


def missed_units(found: Predictions, *, dataset: NerDataset) -> list[str]:
    """Return gold mentions that a model misses or cuts otherwise, case folded together, the most frequent first."""
    forms: dict[str, Counter[str]] = {}
    several = len(dataset.types) > 1
    for truth, guess in zip(found.gold, found.predicted, strict=True):
        right = set(guess.spans)
        for span in truth.spans:
            if span not in right:
                name = truth.mention(span)
                unit = typed_unit(name, type=span.label) if several else name
                forms.setdefault(unit.casefold(), Counter())[unit] += 1
    ordered = sorted(forms, key=lambda key: (-forms[key].total(), key))
    return [forms[key].most_common(1)[0][0] for key in ordered]
