"""From units to a corpus: plan, completions, examples, quality, artifact.

What is paid for ends with the completions; all that comes after them is repeated for nothing
whenever a parser, an annotator or a filter changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from clinsynth import datasets
from clinsynth.artifacts import ArtifactStore, digest
from clinsynth.config import CorpusConfig, Reviewed
from clinsynth.corpora.answers import collect
from clinsynth.corpora.building import Recipe, build, refuse_barren
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.merging import merge
from clinsynth.corpora.plans import Plan, plan
from clinsynth.corpora.reviewed import judged, review_content
from clinsynth.corpora.storage import KIND, REJECTED, Corpus, find, load, note, rows
from clinsynth.errors import ConfigError
from clinsynth.llm import open_llm
from clinsynth.tasks.base import SynthesisRoom, config_room, synthesis_room
from clinsynth.types import Gold

__all__ = [
    "REJECTED",
    "VERSION",
    "Corpus",
    "answered",
    "find",
    "identity",
    "load",
    "make",
    "named",
    "note",
    "pinned",
    "reviewed_key",
    "rows",
    "settings_key",
]

_NOT_THE_CORPUS = ("name", "public", "files", "licence", "recordings", "test")
"""Of a dataset: changes no request."""

VERSION = "1"
"""Bumped when the same completions would give another corpus, whatever the task."""


def make(settings: CorpusConfig, *, gold: Gold, store: ArtifactStore) -> Corpus:
    """The corpus of the settings, out of completions that exist; built if it is not in the store.

    Raises MissingCompletions for what is not there, DataFormatError for a completion that cannot be used.
    """
    recipe = _recipe(settings, gold=gold)
    refuse_barren(recipe)
    version = f"{VERSION}.{recipe.room.VERSION}"
    corpus = load(
        store.build(KIND, version=version, content=_content(recipe), builder=lambda folder: build(folder, recipe))
    )
    return _judged(corpus, settings=settings, gold=gold, store=store)


def identity(settings: CorpusConfig, *, gold: Gold) -> str:
    """The digest of the corpus that `make` would build, or find; raises MissingCompletions as it does."""
    whole, how = digest(_content(_recipe(settings, gold=gold))), settings.quality.reviewed
    if how is not Reviewed.keep:
        whole = digest(review_content(whole, how=how, store=ArtifactStore(Path(settings.paths.artifacts))))
    return whole[:12]


def _judged(corpus: Corpus, *, settings: CorpusConfig, gold: Gold, store: ArtifactStore) -> Corpus:
    """As people's judgement leaves it, where the settings ask for that."""
    how, room = settings.quality.reviewed, synthesis_room(settings.dataset.task)
    if how is Reviewed.keep:
        return corpus
    return judged(corpus, how=how, version=f"{VERSION}.{room.VERSION}", gold=gold, store=store)


def _recipe(settings: CorpusConfig, *, gold: Gold) -> Recipe:
    room = synthesis_room(settings.dataset.task)
    generation = answered(settings, gold=gold)
    lexicon = _lexicon(settings, generation.plan, gold=gold, room=room)
    return Recipe(settings, generation.plan, generation, lexicon, gold, room)


def answered(settings: CorpusConfig, *, gold: Gold) -> Generation:
    """The completions that a corpus is made of; raises MissingCompletions for what is not there."""
    room = synthesis_room(settings.dataset.task)
    llm = open_llm(settings.llm, dataset=settings.dataset, artifacts=Path(settings.paths.artifacts))
    planned = plan(settings, gold=gold, llm=llm, room=room)
    return collect(settings, planned, gold=gold, llm=llm, room=room)


def pinned(starts: Sequence[str], *, settings: CorpusConfig, gold: Gold, store: ArtifactStore) -> Corpus:
    """The corpus whose digest begins so, or several of them together; raises ConfigError for another task's."""
    task = settings.dataset.task
    found = _named(starts, how=settings.quality.reviewed, store=store)
    labels = list(config_room(task).labels(settings.dataset))
    for corpus in found:
        if (corpus.manifest["task"], corpus.manifest["labels"]) != (task, labels):
            theirs = f"{corpus.manifest['task']} with the labels {', '.join(corpus.manifest['labels'])}"
            raise ConfigError(
                f"source.corpora: {corpus.digest} is a corpus for {theirs}; {settings.dataset.name} is {task} with "
                f"{', '.join(labels)}."
            )
    found = [_judged(corpus, settings=settings, gold=gold, store=store) for corpus in found]
    if len(found) == 1:
        return found[0]
    room = synthesis_room(task)
    test = sorted(example.text for example in gold.guarded)
    content = {"merged": [corpus.manifest["digest"] for corpus in found], "test": digest(test)}
    return load(
        store.build(
            KIND,
            version=f"{VERSION}.{room.VERSION}",
            content=content,
            builder=lambda folder: merge(folder, found, gold=gold, room=room),
        )
    )


def named(starts: Sequence[str], *, how: Reviewed, store: ArtifactStore) -> list[str]:
    """Whole digests of corpora, however they were named; several that are one already are named one by one."""
    found = _named(starts, how=how, store=store)
    if len(found) == 1:
        return list(found[0].manifest.get("corpora", [found[0].digest]))
    return [corpus.digest for corpus in found]


def _named(starts: Sequence[str], *, how: Reviewed, store: ArtifactStore) -> list[Corpus]:
    """One that a review has made, such as the latest, stands for the one that was reviewed, if that is to be done."""
    found = [load(folder) for folder in dict.fromkeys(find(start, store=store) for start in starts)]
    if how is Reviewed.keep:
        return found
    bases = [corpus.manifest.get("reviewed", {}).get("base", corpus.digest) for corpus in found]
    return [load(find(base, store=store)) for base in dict.fromkeys(bases)]


def settings_key(settings: CorpusConfig) -> dict[str, Any]:
    """Settings that change a corpus; the completions themselves are covered by its digest."""
    per_request, seed = settings.generation.per_request, settings.generation.seed
    llm = settings.llm
    dataset = {name: value for name, value in asdict(settings.dataset).items() if name not in _NOT_THE_CORPUS}
    return {
        "version": [VERSION, synthesis_room(settings.dataset.task).VERSION],
        "dataset": dataset,
        "units": [settings.units.max, settings.units.only, settings.seed_ratio.value, seed],
        "size": asdict(settings.size),
        "llm": [llm.name, llm.model, llm.temperature, llm.max_tokens],
        "request": [settings.prompt.name, settings.prompt.text, per_request],
        "annotator": asdict(settings.annotator),
        "quality": settings.quality.filters(),
    } | reviewed_key(settings)


def reviewed_key(settings: CorpusConfig) -> dict[str, Any]:
    """What people's judgement does to corpora; nothing where they stay as they are, as before there were reviews."""
    how = settings.quality.reviewed
    return {} if how is Reviewed.keep else {"reviewed": how.value}


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
        return list(room.units(settings, gold=replace(gold, train=gold.lessons, units=())))
    return datasets.terms(datasets.resolve(name))


def _content(recipe: Recipe) -> dict[str, Any]:
    """All that decides what the corpus is, and nothing else."""
    settings = recipe.settings
    completions = [
        [answer.unit, answer.replicate, answer.completion.text, answer.completion.finish_reason]
        + ([labels.text] if (labels := recipe.labels(answer)) else [])
        for answer in recipe.answers
    ]
    return {
        "labels": config_room(settings.dataset.task).labels(settings.dataset),
        "units": digest(recipe.plan.units),
        "size": asdict(settings.size),
        "annotator": [settings.annotator.name, digest(sorted(recipe.lexicon))],
        "quality": settings.quality.filters(),
        "test": digest(sorted(recipe.test_texts)) if settings.quality.test_copies else None,
        "completions": digest(completions),
    }
