"""Sentences in which nothing is mentioned: the unit `none`, so that a model without gold sees some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import NONE, Choices, Negatives, Writing
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.entities import Sentence
from clinsynth.text.words import detokenise, tokenise
from clinsynth.types import Candidate, Draft, Rejected, Request

PROMPT, HARD = "negatives", "hard_negatives"
REASON = "mention_in_negative"
"""Why a sentence is rejected."""


def complete(choices: Choices, *, dataset: NerDataset) -> Negatives | None:
    """Fill in the usual prompt; raises ConfigError where the dataset does not say what such sentences are like."""
    asked = choices.negatives
    if asked is None:
        return None
    if asked.listed:
        return replace(asked, prompt=asked.prompt or usual_prompt(HARD, language=choices.language))
    if not dataset.negatives_line():
        raise ConfigError(
            f"units.negatives={asked.share:g}: {dataset.name} does not say what sentences without a {dataset.called} "
            "are like. Say it in its YAML, as a line `negatives:` that goes on after "
            f'"Write sentences ... that mention NO {dataset.called} at all", or one below each of its types (those of '
            "ncbi_disease are in conf/guidelines/ncbi_disease.yaml), name terms that are no such mention, as "
            "negatives.terms=symptoms.txt, or leave out units.negatives."
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


def free_of_entities(terms: Sequence[str], *, known: Gazetteer, called: str) -> tuple[str, ...]:
    """Return the terms in which no entity stands, for a sentence with one would be rejected; says how many do.

    Raises ConfigError where none is left.
    """
    free = tuple(term for term in terms if not known.find(tokenise(term)))
    if not free:
        raise ConfigError(
            f"negatives.terms: each of the {len(terms)} terms holds a {called} of gold train or of dataset.units, and "
            f"the list is of what is easily taken for a {called} and is none: name another one, or a part of an "
            "ontology, as negatives.below=HP:0000118."
        )
    if len(free) < len(terms):
        said = f"{len(terms) - len(free)} of {len(terms)} terms of negatives.terms"
        print(f"{said} hold a {called} of gold train or of dataset.units, and are left out", flush=True)
    return free


def request(dataset: NerDataset, *, replicate: int, writing: Writing, distractors: Sequence[str] = ()) -> Request:
    """Ask for sentences that mention nothing of the entity type; shows no gold text but the terms of a list.

    Each request has the next terms of the list, and begins anew behind its end.
    """
    asked = writing.negatives
    assert asked is not None
    assert asked.prompt is not None
    number = asked.per_request
    shown = list(islice(cycle(distractors), replicate * number, (replicate + 1) * number))
    line = {"negatives": dataset.negatives_line() or ""}
    terms = {"terms": "\n".join(f"{place}. {term}" for place, term in enumerate(shown, 1))}
    needed, known = (terms, line) if shown else (line, {})
    told = {"noun": dataset.called, "nouns": ", ".join(map(dataset.noun_of, dataset.types)), "style": dataset.style}
    values: dict[str, object] = {"n": number, **needed, **known, **told}
    message = render(asked.prompt, values, optional=(*known, *told))
    id = f"{dataset.name}/{asked.prompt.name}/{NONE}#{replicate}"
    found = Request(id, ({"role": "user", "content": message},), {"prompt": message}, language=dataset.language)
    return replace(found, gold_characters=sum(map(len, shown)))


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
