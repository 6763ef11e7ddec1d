"""Other units that a prompt names beside its own, so that sentences hold several entities."""

from __future__ import annotations

import random

from clinsynth.task import split_unit
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.gold_mentions import gold_mentions
from clinsynth.types import Gold

OTHERS = "others"
"""The name that stands for them in a template."""

NUMBER = 4
"""How many a prompt names."""

_known: dict[tuple[str, str, str], tuple[str, ...]] = {}
"""The units of gold train: every request of a corpus draws from them."""


def companions(unit: str, *, replicate: int, seed: int, gold: Gold, dataset: NerDataset) -> list[str]:
    """Return terms of the unit's type, drawn by the unit, its replicate and the random number of the generation."""
    types = tuple(dataset.types)
    term, kind = split_unit(unit, types=types)
    parted = (split_unit(other, types=types) for other in _units(gold, dataset=dataset))
    free = [name for name, other in parted if other == kind and name.casefold() != term.casefold()]
    return random.Random(f"{seed}/{unit}/{replicate}").sample(free, min(NUMBER, len(free)))


def _units(gold: Gold, *, dataset: NerDataset) -> tuple[str, ...]:
    if gold.units:
        return gold.units
    key = (dataset.name, str(sorted(gold.hashes.items())), ",".join(dataset.types))
    if key not in _known or not gold.hashes:
        _known[key] = tuple(gold_mentions(gold.train, dataset=dataset))
    return _known[key]
