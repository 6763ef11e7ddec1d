"""What a source comes to, once it is known how much gold there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinsynth.config import SizeConfig, SourceName, TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.types import Gold


def check(settings: TrainConfig) -> None:
    """Raises ConfigError where two settings contradict each other, before the task fills in its defaults.

    A target is a choice among the units, which the task may refuse.
    """
    source, size = settings.source, settings.size
    given = size.per_unit is not None or size.total is not None
    if source.ratio is not None and given:
        raise ConfigError(
            f"source.ratio={source.ratio} says how much synthetic data is added, and so does size: leave size=default."
        )
    if source.matched and size.total is None:
        raise ConfigError(
            "source.matched=true (source=kshot) takes as many gold examples as size.total says: give size=t400. Where "
            "size counts examples per unit, say how many: source=original source.examples=160."
        )
    if source.corpora:
        pinned = {
            "size": not given,
            "seed_ratio": settings.seed_ratio.value == 1,
            "annotator": settings.annotator.name == "default",
            "prompt": settings.prompt.name == "default",
            "quality=weighted": not settings.quality.weighted,
            "units": settings.units.max is None and not settings.units.only,
        }
        wrong = [name for name, usual in pinned.items() if not usual]
        if wrong:
            raise ConfigError(
                f"source.corpora names corpora that are made already; {', '.join(wrong)} cannot change them: leave out "
                "one or the other."
            )
    if source.target is not None:
        settings.units.only = [source.target]


def fill(settings: TrainConfig, *, holdout: float) -> None:
    """Fill in what training leaves to the task."""
    task, backbone = settings.dataset.task, settings.backbone
    if settings.trainer.holdout is None:
        settings.trainer.holdout = holdout
    if backbone.lr is None:
        backbone.lr = backbone.lr_by_task.get(task)
    if backbone.lr is None:
        raise ConfigError(f"backbone.lr=null, and backbone.lr_by_task has no {task}: give a learning rate, as in 5e-5.")
    backbone.lr_by_task = {}


def settle(settings: TrainConfig, *, gold: Gold) -> None:
    """Fill in what hangs on the number of gold examples."""
    source = settings.source
    if source.matched:
        source.examples = settings.size.total
    if source.ratio is not None:
        original = source.examples or len(gold.lessons)
        settings.size = SizeConfig(total=max(1, round(source.ratio * original)))


def synthetic(settings: TrainConfig, corpus: Corpus) -> Sequence[Any]:
    """The examples of a corpus that the source takes; one that is made for it has no others."""
    source = settings.source
    if not source.corpora or source.name is not SourceName.augmented:
        return corpus.examples
    pairs = zip(corpus.examples, corpus.units, strict=True)
    found = [example for example, unit in pairs if source.target in (None, unit)]
    wanted = settings.size.total if source.ratio is not None else None
    if not found or len(found) < (wanted or 0):
        asked = f"source.ratio={source.ratio} takes {wanted}" if wanted else f"source.target={source.target} takes some"
        whose = f" of {source.target}" if source.target else ""
        raise ConfigError(f"{asked}, and the corpora of source.corpora hold {len(found)} examples{whose}.")
    return found[:wanted]
