"""The training set of an arm, and what its checkpoint is chosen on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.config import SourceConfig, SourceName
from clinsynth.config.training import GOLD, SOURCE, SYNTHETIC_FIRST
from clinsynth.errors import ConfigError
from clinsynth.types import Gold

GOLD_HOLDOUT = 0.1
"""Share of gold train that stands in for a devel split that a dataset does not have."""


@dataclass(frozen=True)
class TrainingSet:
    examples: tuple[Any, ...]
    """All of the arm, before any hold-out."""
    train: tuple[Any, ...]
    devel: tuple[Any, ...]
    """Empty: train for a fixed number of steps and keep the last weights."""
    first: int = 0
    """So many of `train` are learnt before the others; 0: all are mixed."""


def training_set(
    gold: Gold,
    *,
    source: SourceConfig,
    holdout: float,
    seed: int,
    synthetic: Sequence[Any] = (),
    devel: str = SOURCE,
) -> TrainingSet:
    """Return the training set of a source.

    Gold devel chooses the checkpoint of the whole original data alone, for few labels have none to spare; with
    `devel=gold` that of any source. Raises ConfigError where gold does not have what is asked of it.
    """
    if devel == GOLD:
        gold, held = _spared(gold, share=holdout or GOLD_HOLDOUT, seed=seed)
        arm = training_set(gold, source=source, holdout=0.0, seed=seed, synthetic=synthetic)
        return replace(arm, train=arm.examples, devel=held)
    if source.name is SourceName.synthetic:
        return _held_out(tuple(synthetic), share=holdout, seed=seed)
    if not gold.train:
        raise ConfigError(
            f"source={source.name.value} trains on gold, and the dataset has no train file: use source=synthetic, or "
            "name one as dataset.files.train.path=..."
        )
    trainable = gold.trainable
    if not trainable:
        raise ConfigError(
            f"source={source.name.value} trains on gold, and all of gold train was labelled anew: "
            "dataset.test=adjudicated leaves nothing to learn from. Review fewer rows (review.n=...), or use "
            "source=synthetic."
        )
    chosen = trainable if source.examples is None else draw(trainable, source.examples, seed=seed)
    if source.name is SourceName.augmented and source.order == SYNTHETIC_FIRST:
        return _synthetic_first(chosen, synthetic, share=holdout, seed=seed)
    if source.name is SourceName.augmented:
        return _held_out((*chosen, *synthetic), share=holdout, seed=seed)
    if source.examples is not None:
        return _held_out(tuple(chosen), share=holdout, seed=seed)
    if gold.devel:
        return TrainingSet(tuple(chosen), train=tuple(chosen), devel=tuple(gold.devel))
    return _held_out(tuple(chosen), share=GOLD_HOLDOUT, seed=seed)


def _spared(gold: Gold, *, share: float, seed: int) -> tuple[Gold, tuple[Any, ...]]:
    """Return gold that is learnt from, and its devel split, or a share of train that stands in for it."""
    if gold.devel:
        return gold, tuple(gold.devel)
    parts = _held_out(tuple(gold.trainable), share=share, seed=seed)
    if not parts.devel:
        raise ConfigError(
            f"trainer.devel=gold: the dataset has no devel split, and {len(parts.train)} gold training examples, of "
            "which none can be held out. Name a file as dataset.files.devel.path=..., or leave trainer.devel=source."
        )
    return replace(gold, train=parts.train), parts.devel


def draw(examples: Sequence[Any], number: int, *, seed: int) -> list[Any]:
    """Return the first `number` of one shuffle, so that a smaller draw stands inside a larger one."""
    if number > len(examples):
        raise ConfigError(
            f"source.examples={number} is more than the {len(examples)} gold training examples: "
            "give at most that many, or null for all."
        )
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)
    return [examples[index] for index in order[:number]]


def _held_out(examples: tuple[Any, ...], *, share: float, seed: int) -> TrainingSet:
    number = round(share * len(examples))
    if number == 0 or number >= len(examples):
        return TrainingSet(examples, train=examples, devel=())
    order = list(range(len(examples)))
    random.Random(f"holdout/{seed}").shuffle(order)
    held = set(order[:number])
    return TrainingSet(
        examples,
        train=tuple(example for index, example in enumerate(examples) if index not in held),
        devel=tuple(examples[index] for index in sorted(held)),
    )


def _synthetic_first(gold: Sequence[Any], synthetic: Sequence[Any], *, share: float, seed: int) -> TrainingSet:
    """Return the synthetic examples before the gold ones; what is held out is of both, as it is of a mixture."""
    parts = [_held_out(tuple(part), share=share, seed=seed) for part in (synthetic, gold)]
    early, late = parts
    return TrainingSet(
        early.examples + late.examples,
        train=early.train + late.train,
        devel=early.devel + late.devel,
        first=len(early.train),
    )


def taken(examples: Sequence[Any], units: Sequence[str], *, source: SourceConfig, total: int | None) -> Sequence[Any]:
    """Return the synthetic examples that the source takes of a corpus; one that is made for it has no others.

    `total` is how many a ratio comes to.
    """
    if not source.corpora or source.name is not SourceName.augmented:
        return examples
    found = [example for example, unit in zip(examples, units, strict=True) if source.target in (None, unit)]
    wanted = total if source.ratio is not None else None
    if not found or len(found) < (wanted or 0):
        asked = f"source.ratio={source.ratio} takes {wanted}" if wanted else f"source.target={source.target} takes some"
        whose = f" of {source.target}" if source.target else ""
        raise ConfigError(f"{asked}, and the corpora of source.corpora hold {len(found)} examples{whose}.")
    return found[:wanted]
