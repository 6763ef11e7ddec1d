"""The material that a saved model has learnt from, as the run that trained it knows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from clinsynth import config, corpora, tasks
from clinsynth.artifacts import MANIFEST, read_entry
from clinsynth.config import PathsConfig, SourceName, TrainConfig
from clinsynth.corpora import Corpus
from clinsynth.learning.sets import TrainingSet
from clinsynth.stages import arms, resolving
from clinsynth.task import Task
from clinsynth.tracking import Ledger
from clinsynth.types import Gold


@dataclass(frozen=True)
class Learnt:
    """The material of a training that is over."""

    settings: TrainConfig
    """Resolved."""
    task: Task
    gold: Gold
    arm: TrainingSet
    corpus: Corpus | None
    """`None` where it trained on gold alone."""


def run_of(folder: Path) -> str | None:
    """Return the run that a model's folder names; `None` where it came from elsewhere."""
    if not (folder / MANIFEST).is_file():
        return None
    found = read_entry(folder, mend="Train it again, with force=true.").get("run_id")
    return None if found is None else str(found)


def learnt(run_id: str, *, paths: PathsConfig, ledger: Ledger) -> Learnt | None:
    """Return what a run has trained on; `None` where it is not known here."""
    text = ledger.artifact(run_id, "config.yaml")
    if text is None:
        return None
    trained = _settings(text)
    gold = resolving.load_gold(trained.dataset, paths=paths)
    resolved = resolving.resolve(trained, gold=gold)
    corpus = None
    summary = ledger.summary(run_id)
    if resolved.settings.source.name is not SourceName.original and summary and summary.corpus:
        corpus = corpora.load_corpus(corpora.find_corpus(summary.corpus, store=ledger.store))
    arm = arms.training_arm(corpus, settings=resolved.settings, task=resolved.task, gold=resolved.gold)
    return Learnt(resolved.settings, resolved.task, resolved.gold, arm, corpus)


def _settings(text: str) -> TrainConfig:
    """Return the settings of a run, of which it keeps the text."""
    content: Any = OmegaConf.create(text)
    schema: Any = OmegaConf.structured(TrainConfig)
    schema.dataset = OmegaConf.structured(tasks.schemas()[content.dataset.task])
    whole: Any = OmegaConf.merge(schema, content)
    found: TrainConfig = config.typed(whole, TrainConfig)
    return found
