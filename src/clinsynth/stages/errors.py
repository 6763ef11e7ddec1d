"""What a trained model gets wrong on gold devel is asked for next; the test split is never looked at."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.analysis.kept_embeddings import Embed
from clinsynth.config import CorpusConfig, Material
from clinsynth.errors import ConfigError
from clinsynth.models import opened
from clinsynth.stages.uncertainty import Unsure
from clinsynth.task import Task
from clinsynth.types import Gold, Predictions

MODEL = "errors model"
"""Among `Gold.hashes`: the digest of the model whose errors are asked for."""

_read: dict[str, Predictions] = {}
"""What this process has predicted: the jobs of a sweep share it."""


def with_errors(settings: CorpusConfig, *, task: Task, gold: Gold) -> Gold:
    """Return gold with the units that a model gets wrong in the place of all; as it is where none is named.

    Raises ConfigError where there is no devel split, or nothing is wrong.
    """
    run = settings.units.from_errors
    if run is None:
        return gold
    found, digest = devel_predictions(settings, gold=gold)
    hashes = dict(gold.hashes) | {MODEL: digest}
    if settings.material is Material.texts:
        return replace(gold, hashes=hashes)
    if task.missed is None:
        raise ConfigError(f"units.from_errors={run} is of ner, and of material=texts; leave it out for {task.name}.")
    units = task.missed(found)
    if not units:
        raise ConfigError(
            f"units.from_errors={run}: the model misses nothing in gold devel, so there is nothing to ask."
        )
    print(f"{len(units)} units are those that the model of {run} gets wrong in gold devel.", flush=True)
    return replace(gold, units=tuple(units), hashes=hashes)


def devel_predictions(settings: CorpusConfig, *, gold: Gold) -> tuple[Predictions, str]:
    """Return what a model makes of gold devel, and the digest of its folder."""
    run = settings.units.from_errors
    assert run is not None
    if not gold.devel:
        raise ConfigError(
            f"units.from_errors={run} looks at what a model gets wrong in gold devel, which "
            f"{settings.dataset.name} has not, and never at test: name a file as dataset.files.devel.path=..."
        )
    model = Unsure.of(run, settings=settings)
    key = f"{model.digest}/{gold.hashes.get('devel')}"
    if key not in _read:
        with closing(opened(model.folder)) as reader:
            _read[key] = reader.predict(gold.devel)
    return _read[key], model.digest


@dataclass(frozen=True)
class NearErrors:
    """Says how near texts are to those of devel that a model gets wrong."""

    wrong: tuple[str, ...]
    embed: Embed

    @classmethod
    def of(cls, settings: CorpusConfig, *, task: Task, gold: Gold, embed: Embed) -> NearErrors:
        """Return the texts that the model of `units.from_errors` gets wrong; raises ConfigError for none."""
        found, _ = devel_predictions(settings, gold=gold)
        pairs = zip(found.gold, found.predicted, strict=True)
        wrong = tuple(truth.text for truth, guess in pairs if _says(truth) != _says(guess))
        if not wrong:
            raise ConfigError("units.from_errors: the model gets nothing wrong in gold devel.")
        return cls(wrong, embed)

    def __call__(self, examples: Sequence[Any]) -> list[float]:
        """Return the likeness of each text to the one of them that is nearest, -1 to 1."""
        near = self.embed([example.text for example in examples]) @ self.embed(self.wrong).T
        return [float(value) for value in near.max(axis=1)]


def _says(example: Any) -> tuple[Any, ...]:
    return (example.label, *((found["start"], found["end"], found["label"]) for found in example.entities()))
