"""Can synthetic text be told from gold by its words, and other synthetic text by the same words?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth import corpora, keys, tasks
from clinsynth.analysis.realism import Detector, Judged, cross_judged
from clinsynth.config import AnalyseConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError
from clinsynth.reports.trust_figures import reliabilities
from clinsynth.stages import Job, resolving
from clinsynth.stages.detecting import material
from clinsynth.stages.detecting.question import Finding, Question
from clinsynth.stages.frame import Frame
from clinsynth.text.words import folded
from clinsynth.types import Gold

FIGURE, WORDS = "detector.png", "words.jsonl"
AGAINST = "against_"
"""Before the metrics of the second corpus."""


def question(settings: AnalyseConfig, *, job: Job, frame: Frame) -> Question:
    """Return the test of a corpus; raises ConfigError where gold has nothing to learn from, or to be judged."""
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    if not gold.trainable or (settings.against and not gold.test):
        raise ConfigError(
            f"detect=synthetic learns from gold train, and judges gold test beside the corpus of against=...; "
            f"{settings.dataset.name} lacks one of them."
        )
    corpus = material.corpus(settings, job=job, store=frame.store)
    against = None
    if settings.against is not None:
        against = corpora.load_corpus(corpora.find_corpus(settings.against, store=frame.store))
    seed = settings.analysis.seed
    content = {"corpus": corpus.manifest.digest, "gold": gold.hashes, "seed": seed}
    content |= {"against": against.manifest.digest} if against else {}
    beside = f", then {against.digest} of {against.manifest.dataset}" if against else ""
    return Question(
        keys.detection("synthetic", content),
        name=f"detector-{corpus.digest}",
        title=f"Detector of {corpus.digest}{beside}",
        answer=_Answer(corpus, gold=gold, against=against, seed=seed),
        corpus=corpus.digest,
    )


@dataclass(frozen=True)
class _Answer:
    corpus: Corpus
    gold: Gold
    against: Corpus | None
    seed: int

    def __call__(self) -> Finding:
        synthetic = _words(self.corpus.examples, task=self.corpus.manifest.task)
        real = _words(self.gold.trainable, task=self.corpus.manifest.task)
        own = cross_judged(
            synthetic, real, groups=self.corpus.units, real_groups=list(map(folded, real)), seed=self.seed
        )
        judged = {"this corpus": own}
        detector = Detector.learn(synthetic, real)
        metrics = own.metrics("")
        if self.against is not None:
            theirs = _words(self.against.examples, task=self.against.manifest.task)
            unseen = _words(self.gold.test, task=self.corpus.manifest.task)
            judged["the other one"] = Judged(detector.chances(theirs), detector.chances(unseen))
            metrics |= judged["the other one"].metrics(AGAINST)
        telling = zip(("synthetic", "gold"), detector.telling([*synthetic, *real]), strict=True)
        rows = [{"of": side, "word": word} for side, words in telling for word in words]
        figure = reliabilities({name: one.reliability for name, one in judged.items()})
        return Finding(metrics, len(synthetic), figures={FIGURE: figure}, rows={WORDS: rows})


def _words(examples: Sequence[Any], *, task: str) -> list[Sequence[str]]:
    return [tasks.kind(task).examples.words(example) for example in examples]
