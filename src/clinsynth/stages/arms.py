"""The arm of a training: what the source takes of gold, and of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinsynth.analysis.realism import cross_judged, most_real
from clinsynth.config import TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.learning.folds import SEED
from clinsynth.learning.sets import TrainingSet, taken, training_set
from clinsynth.task import Task
from clinsynth.text.words import folded
from clinsynth.types import Gold


def training_arm(corpus: Corpus | None, *, settings: TrainConfig, task: Task, gold: Gold) -> TrainingSet:
    """Return what a job trains on and what chooses its checkpoint; `settings` are resolved."""
    return training_set(
        gold,
        synthetic=synthetic_part(corpus, settings=settings, task=task, gold=gold),
        source=settings.source,
        holdout=settings.trainer.holdout or 0.0,
        devel=settings.trainer.devel,
        seed=settings.seed,
    )


def synthetic_part(corpus: Corpus | None, *, settings: TrainConfig, task: Task, gold: Gold) -> Sequence[Any]:
    """Return the examples of a corpus that a job trains on, in their order; none without a corpus."""
    if corpus is None:
        return ()
    source, examples, units = settings.source, corpus.examples, corpus.units
    if source.realistic is None:
        return taken(examples, units, source=source, total=settings.size.total)
    places = _realistic(corpus, share=source.realistic, task=task, gold=gold)
    kept, whose = [examples[place] for place in places], [units[place] for place in places]
    print(f"source.realistic={source.realistic:g}: {len(kept)} of {len(examples)} examples look most like gold train")
    return taken(kept, whose, source=source, total=settings.size.total)


def _realistic(corpus: Corpus, *, share: float, task: Task, gold: Gold) -> list[int]:
    """Return the places of the examples that look most like gold train; its labels are not used."""
    words = task.kind.examples.words
    real = [words(example) for example in gold.trainable]
    if not real:
        raise ConfigError(
            f"source.realistic={share:g} keeps what looks like gold train, and {task.dataset.name} has none: leave it "
            "out, or name one as dataset.files.train.path=..."
        )
    synthetic = [words(example) for example in corpus.examples]
    judged = cross_judged(synthetic, real, groups=corpus.units, real_groups=list(map(folded, real)), seed=SEED)
    return most_real(judged, share=share)
