"""The corpus of a job that asks nobody: out of what the LLM has answered before."""

from __future__ import annotations

from pathlib import Path

from clinsynth import corpora, stages
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CorpusConfig
from clinsynth.corpora import Corpus
from clinsynth.errors import MissingCompletions
from clinsynth.llm import recorded
from clinsynth.reports import tables
from clinsynth.types import Gold


def corpus(settings: CorpusConfig, *, gold: Gold, store: ArtifactStore, folder: Path) -> Corpus:
    """Made if it is not in the store; requests that have no answer are left in `folder`, as a file to fill in."""
    try:
        stages.leave_proposals(settings, gold=gold, folder=folder)
        found = corpora.make(settings, gold=gold, store=store)
    except MissingCompletions as error:
        place = folder / "requests.jsonl"
        recorded.write_requests(place, error.requests)
        raise MissingCompletions(
            f"{error} The requests are in {place}: answered there (`completion`), it is a file for llm.recordings."
        ) from error
    tables.show_corpus_counts(found)
    return found
