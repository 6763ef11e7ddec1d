"""From units to a corpus: plan, completions, examples, quality, artifact.

What is paid for ends with the completions; all that comes after them is repeated for nothing
whenever a parser, an annotator or a filter changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from clinsynth import keys
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import Reviewed
from clinsynth.corpora.answers import collect
from clinsynth.corpora.building import AnsweredRecipe, build, refuse_barren
from clinsynth.corpora.generation import Generation
from clinsynth.corpora.merging import merge
from clinsynth.corpora.plans import Plan, plan
from clinsynth.corpora.recipe import Recipe
from clinsynth.corpora.reviewed import judged, review_content
from clinsynth.corpora.storage import KIND, REJECTED, Corpus, find, load, note, rows
from clinsynth.errors import ConfigError
from clinsynth.files.sources import resolve
from clinsynth.files.terms import read_terms
from clinsynth.keys import digest
from clinsynth.llm import KnownCompletions
from clinsynth.task import Task
from clinsynth.types import Gold

__all__ = [
    "REJECTED",
    "Corpus",
    "Generation",
    "Recipe",
    "answered",
    "find",
    "identity",
    "load",
    "make",
    "named",
    "note",
    "pinned",
    "plan",
    "rows",
]


def make(recipe: Recipe, *, completions: KnownCompletions, store: ArtifactStore) -> Corpus:
    """Return the corpus of a recipe, out of completions that exist; built if it is not in the store.

    Raises MissingCompletions for what is not there, DataFormatError for a completion that cannot be used.
    """
    found = _answered(recipe, completions=completions)
    refuse_barren(found)
    corpus = load(
        store.build(
            KIND, version=_version(recipe.task), content=_content(found), builder=lambda folder: build(folder, found)
        )
    )
    return _judged(corpus, how=recipe.quality.reviewed, task=recipe.task, gold=recipe.gold, store=store)


def identity(recipe: Recipe, *, completions: KnownCompletions, store: ArtifactStore) -> str:
    """Return the digest of the corpus that `make` would build, or find; raises MissingCompletions as it does."""
    whole, how = digest(_content(_answered(recipe, completions=completions))), recipe.quality.reviewed
    if how is not Reviewed.keep:
        whole = digest(review_content(whole, how=how, store=store))
    return whole[:12]


def answered(recipe: Recipe, *, completions: KnownCompletions) -> Generation:
    """Return the completions that a corpus is made of; raises MissingCompletions for what is not there."""
    return collect(recipe, completions=completions)


def pinned(starts: Sequence[str], *, how: Reviewed, task: Task, gold: Gold, store: ArtifactStore) -> Corpus:
    """Return the corpus whose digest begins so, or several together; raises ConfigError for another task's."""
    found = _named(starts, how=how, store=store)
    labels = list(task.labels)
    for corpus in found:
        if (corpus.manifest["task"], corpus.manifest["labels"]) != (task.name, labels):
            theirs = f"{corpus.manifest['task']} with the labels {', '.join(corpus.manifest['labels'])}"
            raise ConfigError(
                f"source.corpora: {corpus.digest} is a corpus for {theirs}; {task.dataset.name} is {task.name} with "
                f"{', '.join(labels)}."
            )
    found = [_judged(corpus, how=how, task=task, gold=gold, store=store) for corpus in found]
    if len(found) == 1:
        return found[0]
    test = (example.text for example in gold.guarded)
    content = keys.merged_content([corpus.manifest["digest"] for corpus in found], test=test)
    return load(
        store.build(
            KIND,
            version=_version(task),
            content=content,
            builder=lambda folder: merge(folder, found, gold=gold, of=task.kind.examples),
        )
    )


def _version(task: Task) -> str:
    return f"{keys.CORPUS}.{task.writer.version}"


def _judged(corpus: Corpus, *, how: Reviewed, task: Task, gold: Gold, store: ArtifactStore) -> Corpus:
    """As people's judgement leaves it, where that is asked for."""
    if how is Reviewed.keep:
        return corpus
    return judged(corpus, how=how, version=_version(task), gold=gold, store=store)


def _answered(recipe: Recipe, *, completions: KnownCompletions) -> AnsweredRecipe:
    generation = collect(recipe, completions=completions)
    return AnsweredRecipe(recipe, generation, _lexicon(recipe, generation.plan))


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


def _lexicon(recipe: Recipe, planned: Plan) -> list[str]:
    """Known entities, for annotators that use them."""
    name, gold = recipe.annotator.lexicon, recipe.gold
    if name is None:
        return []
    if name == "units":
        return list(planned.known)
    if name == "train":
        if not gold.train:
            raise ConfigError(
                f"annotator.lexicon=train needs gold train, which {recipe.task.dataset.name} has not: use "
                "annotator.lexicon=units, or a file with one term a line."
            )
        learnt = replace(gold, train=gold.lessons, units=())
        return list(recipe.task.writer.units(learnt, writing=recipe.writing, number=0))
    return read_terms(resolve(name))


def _content(found: AnsweredRecipe) -> dict[str, Any]:
    """All that decides what the corpus is, and nothing else."""
    recipe = found.recipe
    completions = [
        [answer.unit, answer.replicate, answer.completion.text, answer.completion.finish_reason]
        + ([labels.text] if (labels := found.labels(answer)) else [])
        for answer in found.answers
    ]
    return keys.corpus_content(
        labels=recipe.task.labels,
        units=found.plan.units,
        size=recipe.size,
        annotator=recipe.annotator,
        lexicon=found.lexicon,
        quality=recipe.quality,
        test_texts=found.test_texts,
        completions=completions,
    )
