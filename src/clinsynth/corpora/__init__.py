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
from clinsynth.corpora.answers import asked_ahead, replay_answers
from clinsynth.corpora.building import build_corpus, check_units_are_written_about
from clinsynth.corpora.by_model import labelled_corpus
from clinsynth.corpora.cleaned import DOUBT, cleaned_corpus
from clinsynth.corpora.generation import Generation, ParsedAnswer
from clinsynth.corpora.manifest import Manifest
from clinsynth.corpora.merging import merge
from clinsynth.corpora.plans import part_of, plan_requests, unasked
from clinsynth.corpora.recipe import Recipe
from clinsynth.corpora.reviewed import judged_content, judged_corpus, reviewed_examples
from clinsynth.corpora.storage import REJECTED, Corpus, find_corpus, load_corpus, note_in_manifest, stored_corpus
from clinsynth.errors import ConfigError
from clinsynth.files.sources import resolve
from clinsynth.files.terms import read_terms
from clinsynth.keys import digest
from clinsynth.llm import KnownCompletions
from clinsynth.task import Task
from clinsynth.types import Completion, Gold, Unlabelled

__all__ = [
    "DOUBT",
    "REJECTED",
    "Corpus",
    "Generation",
    "Manifest",
    "Recipe",
    "asked_ahead",
    "cleaned_corpus",
    "corpus_digest",
    "find_corpus",
    "labelled_corpus",
    "load_corpus",
    "make_corpus",
    "note_in_manifest",
    "part_of",
    "pinned_corpus",
    "pinned_digests",
    "plan_requests",
    "replay_answers",
    "reviewed_examples",
    "reviewed_of",
    "unasked",
    "version_of",
    "whole_digest",
]


def make_corpus(recipe: Recipe, *, completions: KnownCompletions, store: ArtifactStore) -> Corpus:
    """Return the corpus of a recipe, out of completions that exist; built if it is not in the store.

    Raises MissingCompletions for what is not there, DataFormatError for a completion that cannot be used.
    """
    generation = replay_answers(recipe, completions=completions)
    lexicon = _lexicon(generation)
    check_units_are_written_about(generation)
    corpus = stored_corpus(
        store,
        version=version_of(recipe.task),
        content=_content(generation, lexicon),
        builder=lambda folder: build_corpus(folder, generation, lexicon=lexicon),
    )
    return _judged(corpus, how=recipe.quality.reviewed, task=recipe.task, gold=recipe.gold, store=store)


def corpus_digest(recipe: Recipe, *, completions: KnownCompletions, store: ArtifactStore) -> str:
    """Return the digest of the corpus that `make_corpus` would return; raises MissingCompletions as it does."""
    return whole_digest(recipe, completions=completions, store=store)[:12]


def whole_digest(recipe: Recipe, *, completions: KnownCompletions, store: ArtifactStore) -> str:
    """Return the same with all of its digits."""
    generation, how = replay_answers(recipe, completions=completions), recipe.quality.reviewed
    whole = digest(_content(generation, _lexicon(generation)))
    if how is not Reviewed.keep:
        whole = digest(judged_content(whole, how=how, store=store))
    return whole


def pinned_corpus(
    starts: Sequence[str],
    *,
    how: Reviewed,
    task: Task,
    gold: Gold,
    store: ArtifactStore,
    unlabelled: Unlabelled = Unlabelled.masked,
) -> Corpus:
    """Return the corpus whose digest begins so, or several together; raises ConfigError for another task's.

    A corpus may lack labels of the task, which are then `unlabelled`.
    """
    found = _pinned(starts, how=how, store=store)
    missing = [_missing(corpus, task=task) for corpus in found]
    for corpus, lacks in zip(found, missing, strict=True):
        if lacks:
            said = f"source.unlabelled={unlabelled.value}"
            print(f"corpus {corpus.digest} has no labels of {' and '.join(lacks)} ({said})", flush=True)
    found = [_judged(corpus, how=how, task=task, gold=gold, store=store) for corpus in found]
    if len(found) == 1 and not any(missing):
        return found[0]
    test = (example.text for example in gold.held_out)
    content = keys.merged_content([corpus.manifest.digest for corpus in found], test=test)
    if any(missing):
        content |= keys.completed_content(labels=task.labels, how=unlabelled, gold=gold.hashes)
    return stored_corpus(
        store,
        version=version_of(task),
        content=content,
        builder=lambda folder: merge(folder, found, missing=missing, unlabelled=unlabelled, gold=gold, task=task),
    )


def _missing(corpus: Corpus, *, task: Task) -> tuple[str, ...]:
    """Return which of the task's kinds of labels a corpus lacks; raises ConfigError where it is of another task."""
    theirs, labels = corpus.manifest, list(task.labels)
    if (theirs.task, list(theirs.labels)) == (task.name, labels):
        return ()
    missing = task.partial.missing(theirs.labels) if theirs.task == task.name and task.partial else None
    if missing is None:
        raise ConfigError(
            f"source.corpora: {corpus.digest} is a corpus for {theirs.task} with the labels "
            f"{', '.join(theirs.labels)}; {task.dataset.name} is {task.name} with {', '.join(labels)}."
        )
    return missing


def pinned_digests(starts: Sequence[str], *, how: Reviewed, store: ArtifactStore) -> list[str]:
    """Return the digests of corpora, however they were named; several that are one already are named one by one."""
    found = _pinned(starts, how=how, store=store)
    if len(found) == 1:
        return list(found[0].manifest.corpora or [found[0].digest])
    return [corpus.digest for corpus in found]


def _pinned(starts: Sequence[str], *, how: Reviewed, store: ArtifactStore) -> list[Corpus]:
    """Return the named corpora; one that a review has made, such as the latest, stands for its base unless kept."""
    found = [load_corpus(folder) for folder in dict.fromkeys(find_corpus(start, store=store) for start in starts)]
    if how is Reviewed.keep:
        return found
    return list({base.digest: base for base in (reviewed_of(corpus, store=store) for corpus in found)}.values())


def reviewed_of(corpus: Corpus, *, store: ArtifactStore) -> Corpus:
    """Return the corpus that people have reviewed, of one that its review has made; any other is its own."""
    base = (corpus.manifest.reviewed or {}).get("base")
    return load_corpus(find_corpus(base, store=store)) if base else corpus


def _judged(corpus: Corpus, *, how: Reviewed, task: Task, gold: Gold, store: ArtifactStore) -> Corpus:
    """Return the corpus as people's judgement leaves it, where that is wanted."""
    if how is Reviewed.keep:
        return corpus
    return judged_corpus(corpus, how=how, version=version_of(task), gold=gold, store=store)


def version_of(task: Task) -> str:
    """Return what names the way from completions to a corpus of a task."""
    return f"{keys.CORPUS}.{task.writer.version}"


def _lexicon(generation: Generation) -> list[str]:
    """Return known entities, for annotators that use them; negatives may hold no unit, whoever labels the rest."""
    recipe, name = generation.recipe, generation.recipe.annotator.lexicon
    if name is None and recipe.wanted.negatives is None:
        return []
    terms = recipe.task.terms
    if name in (None, "units"):
        return list(terms(recipe.gold) if terms and recipe.gold.texts else generation.plan.known)
    if name == "train":
        if not recipe.gold.train:
            raise ConfigError(
                f"annotator.lexicon=train needs gold train, which {recipe.task.dataset.name} has not: use "
                "annotator.lexicon=units, or a file with one term a line."
            )
        return list(terms(replace(recipe.gold, train=recipe.gold.trainable, units=()))) if terms else []
    return read_terms(resolve(name), types=recipe.task.dataset.term_types())


def _confidences(answer: ParsedAnswer, labels: Sequence[Completion]) -> list[Any]:
    """Return all that the confidences of an answer's texts hang on; nothing where they have none."""
    if labels:
        return [{"logprobs": found.logprobs} for found in labels if found.logprobs]
    known = [draft.confidence for draft in answer.drafts]
    return [{"confidences": known}] if any(one is not None for one in known) else []


def _content(generation: Generation, lexicon: Sequence[str]) -> dict[str, Any]:
    """Return all that decides what the corpus is, and nothing else."""
    recipe, beside = generation.recipe, generation.plan.chosen.beside
    completions = (
        [answer.unit, answer.replicate, answer.completion.text, answer.completion.finish_reason]
        + [found.text for found in labels]
        + _confidences(answer, labels)
        for answer, labels in ((answer, generation.labels_of(answer)) for answer in generation.answers)
    )
    return keys.corpus_content(
        labels=recipe.task.labels,
        units=generation.plan.units,
        size=recipe.size,
        annotator=recipe.annotator,
        lexicon=lexicon if recipe.task.dataset.term_types() else sorted(lexicon),
        quality=recipe.quality,
        test_texts=recipe.test_texts,
        completions=completions,
        negatives=beside.examples if beside else 0,
        language=keys.named(recipe.task.dataset).get("language"),
        checked=recipe.checked,
    )
