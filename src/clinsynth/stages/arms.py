"""The synthetic part of an arm: what the source takes of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinsynth.analysis.realism import most_real, out_of_fold
from clinsynth.config import TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.learning.folds import SEED
from clinsynth.learning.sets import taken
from clinsynth.quality.filters import folded
from clinsynth.task import Task
from clinsynth.types import Gold


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
    judged = out_of_fold(synthetic, real, groups=corpus.units, real_groups=list(map(folded, real)), seed=SEED)
    return most_real(judged, share=share)
