"""Sentences in which nothing is mentioned: the unit `none`, so that a model without gold sees some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import NONE, Choices, Negatives, Writing
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.entities import Sentence
from clinsynth.text.words import detokenise, tokenise
from clinsynth.types import Candidate, Draft, Rejected, Request

PROMPT = "negatives"
REASON = "mention_in_negative"
"""Why a sentence is rejected."""


def complete(choices: Choices, *, dataset: NerDataset) -> Negatives | None:
    """Fill in the usual prompt; raises ConfigError where the dataset does not say what such sentences are like."""
    asked = choices.negatives
    if asked is None:
        return None
    if not dataset.negatives_line():
        raise ConfigError(
            f"units.negatives={asked.share:g}: {dataset.name} does not say what sentences without a {dataset.called} "
            "are like. Say it in its YAML, as a line `negatives:` that goes on after "
            f'"Write sentences ... that mention NO {dataset.called} at all", or one below each of its types (those of '
            "ncbi_disease are in conf/guidelines/ncbi_disease.yaml), or leave out units.negatives."
        )
    typed = len(dataset.types) > 1
    return replace(asked, prompt=asked.prompt or usual_prompt(PROMPT, language=choices.language, typed=typed))


def check_names(units: Sequence[str]) -> list[str]:
    """Return the units; raises ConfigError for an entity that is called as the unit of negatives is."""
    if NONE in units:
        raise ConfigError(
            f"an entity is called {NONE!r}, which is the unit of sentences without any: give a list of terms without "
            "it, as dataset.units=terms.txt."
        )
    return list(units)


def request(dataset: NerDataset, *, replicate: int, writing: Writing) -> Request:
    """Ask for sentences that mention nothing of the entity type; shows no gold text."""
    asked = writing.negatives
    assert asked is not None
    assert asked.prompt is not None
    values = {"n": asked.per_request, "noun": dataset.called, "negatives": dataset.negatives_line()}
    optional = {"nouns": ", ".join(map(dataset.noun_of, dataset.types)), "style": dataset.style}
    message = render(asked.prompt, values | optional, optional=("noun", *optional))
    id = f"{dataset.name}/{asked.prompt.name}/{NONE}#{replicate}"
    return Request(id, ({"role": "user", "content": message},), {"prompt": message}, language=dataset.language)


def without_mentions(drafts: Sequence[Draft], *, known: Gazetteer | None) -> tuple[list[Candidate], list[Rejected]]:
    """Return the sentences, all of them outside, and those that hold a known term."""
    kept: list[Candidate] = []
    rejected: list[Rejected] = []
    for draft in drafts:
        words = tokenise(draft.text)
        found = known.find(words) if known else ()
        if found:
            rejected.append(Rejected(draft, REASON, detokenise(words[found[0].start : found[0].end])))
        else:
            kept.append(Candidate(draft, Sentence(tuple(words))))
    return kept, rejected
