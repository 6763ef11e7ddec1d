"""The corpus of a job that asks nobody: out of what the LLM has answered before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinsynth import corpora
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import AnalyseConfig
from clinsynth.config.corpus import MODEL
from clinsynth.corpora import Corpus
from clinsynth.errors import ConfigError, MissingCompletions
from clinsynth.llm import KnownCompletions, recorded
from clinsynth.reports.counts import show_corpus_counts
from clinsynth.stages import annotating, asking, resolving
from clinsynth.stages.resolving import Resolved


def corpus(resolved: Resolved[Any], *, store: ArtifactStore, folder: Path) -> Corpus:
    """Return it, made if it is not in the store; requests that have no answer are left in `folder` to be filled in."""
    write_proposals(resolved.proposed, folder=folder)
    try:
        return made(resolved, completions=asking.completions_of(resolved.settings), store=store)
    except MissingCompletions as error:
        place = folder / "requests.jsonl"
        recorded.write_requests(place, error.requests)
        raise MissingCompletions(
            f"{error} The requests are in {place}: answered there (`completion`), it is a file for llm.recordings."
        ) from error


def made(resolved: Resolved[Any], *, completions: KnownCompletions, store: ArtifactStore) -> Corpus:
    """Return the corpus of these completions, with the labels of the models of its annotator where it has some."""
    found = corpora.make_corpus(resolved.recipe, completions=completions, store=store)
    settings, task, gold = resolved.settings, resolved.task, resolved.gold
    if settings.annotator.name == MODEL:
        found = annotating.labelled(found, settings=settings, task=task, gold=gold, store=store)
    show_corpus_counts(found)
    return found


def named_corpus(settings: AnalyseConfig, *, store: ArtifactStore) -> Corpus | None:
    """Return the corpus that the settings name, if they do; raises ConfigError for one of another dataset."""
    if settings.corpus is None:
        return None
    resolving.refuse_changes(settings, named="corpus names a corpus that is made already")
    found = corpora.load_corpus(corpora.find_corpus(settings.corpus, store=store))
    of, given = found.manifest.dataset, settings.dataset
    if (of, found.manifest.task) != (given.name, given.task):
        raise ConfigError(
            f"the corpus {found.digest} was made for {of}, and is compared with its gold: give dataset={of}, where it "
            f"was {given.name}."
        )
    show_corpus_counts(found)
    return found


def write_proposals(files: Mapping[str, str], *, folder: Path) -> None:
    """Write down what was chosen for the user."""
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
        print(f"{folder / name} is a proposal: edit it and put it into the dataset's YAML, which then holds.")
