"""From units to a corpus: plan, completions, examples, quality, artifact.

What is paid for ends with the completions; all that comes after them is repeated for nothing
whenever a parser, an annotator or a filter changes.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from clinsynth import datasets
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import CorpusConfig
from clinsynth.corpora.answers import collect
from clinsynth.corpora.building import Recipe, build, refuse_barren
from clinsynth.corpora.plans import Plan, plan
from clinsynth.corpora.storage import KIND, REJECTED, Corpus, find, load, rows
from clinsynth.errors import ConfigError
from clinsynth.llm import open_llm
from clinsynth.tasks.base import SynthesisRoom, synthesis_room
from clinsynth.types import Gold

__all__ = ["REJECTED", "VERSION", "Corpus", "find", "load", "make", "rows", "settings_key"]

VERSION = "1"
"""Bumped when the same completions would give another corpus, whatever the task."""


def make(settings: CorpusConfig, *, gold: Gold, store: ArtifactStore) -> Corpus:
    """The corpus of the settings, out of completions that exist; built if it is not in the store.

    Raises MissingCompletions for what is not there, DataFormatError for a completion that cannot be used.
    """
    room = synthesis_room(settings.dataset.task)
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    planned = plan(settings, gold=gold, llm=llm, room=room)
    answers = collect(settings, planned, llm=llm, room=room)
    lexicon = _lexicon(settings, planned, gold=gold, room=room)
    recipe = Recipe(settings, planned, answers, lexicon, gold, room)
    refuse_barren(recipe)
    version = f"{VERSION}.{room.VERSION}"
    return load(
        store.build(KIND, version=version, content=_content(recipe), builder=lambda folder: build(folder, recipe))
    )


def settings_key(settings: CorpusConfig) -> dict[str, Any]:
    """Settings that change a corpus; the completions themselves are covered by its digest."""
    per_request, seed = settings.generation.per_request, settings.generation.seed
    llm = settings.llm
    return {
        "version": [VERSION, synthesis_room(settings.dataset.task).VERSION],
        "units": [settings.units.max, settings.seed_ratio.value, seed],
        "size": asdict(settings.size),
        "llm": [llm.name, llm.model, llm.temperature, llm.max_tokens],
        "request": [settings.prompt.name, settings.prompt.text, per_request],
        "annotator": asdict(settings.annotator),
        "quality": asdict(settings.quality),
    }


def _lexicon(settings: CorpusConfig, planned: Plan, *, gold: Gold, room: SynthesisRoom) -> list[str]:
    """Known entities, for annotators that use them."""
    name = settings.annotator.lexicon
    if name is None:
        return []
    if name == "units":
        return list(planned.known)
    if name == "train":
        if not gold.train:
            raise ConfigError(
                f"annotator.lexicon=train needs gold train, which {settings.dataset.name} has not: use "
                "annotator.lexicon=units, or a file with one term a line."
            )
        return room.units(gold.train)
    return datasets.terms(datasets.resolve(name))


def _content(recipe: Recipe) -> dict[str, Any]:
    """All that decides what the corpus is, and nothing else."""
    settings = recipe.settings
    completions = [
        [answer.unit, answer.replicate, answer.completion.text, answer.completion.finish_reason]
        + ([answer.labels.text] if answer.labels else [])
        for answer in recipe.answers
    ]
    return {
        "labels": getattr(settings.dataset, "entity_type", settings.dataset.task),
        "units": digest(recipe.plan.units),
        "size": asdict(settings.size),
        "annotator": [settings.annotator.name, digest(sorted(recipe.lexicon))],
        "quality": asdict(settings.quality),
        "test": digest(sorted(recipe.test_texts)) if settings.quality.test_copies else None,
        "completions": digest(completions),
    }
