"""Units, requests, and labelled sentences out of completions. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from clinsynth.config import CorpusConfig
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.tasks.listing import read_drafts
from clinsynth.tasks.ner.annotators import Gazetteer, label, place_mentions, read_mentions
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.spans import Sentence, to_spans
from clinsynth.tasks.words import tokenise
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

VERSION = "ner-1"
"""Bumped when the same completions and settings would give another corpus."""


ROUNDS = False


def units(settings: CorpusConfig, *, gold: Gold) -> list[str]:
    """Those of a list, else the mentions of gold train.

    Unique mentions, case folded, each in its most frequent form; by frequency, then alphabetically.
    Of forms that are equally frequent the first in the file is taken.
    """
    if gold.units:
        return list(gold.units)
    forms: dict[str, Counter[str]] = {}
    for sentence in gold.train:
        for mention in sentence.mentions:
            forms.setdefault(mention.casefold(), Counter())[mention] += 1
    if not forms:
        raise ConfigError(
            f"{settings.dataset.name} has neither gold train nor a list of units: give one as dataset.units=terms.txt."
        )
    ordered = sorted(forms, key=lambda folded: (-forms[folded].total(), folded))
    return [forms[folded].most_common(1)[0][0] for folded in ordered]


def leaking(units: Sequence[str], *, settings: CorpusConfig, gold: Gold) -> set[str]:
    return set()  # a prompt shows the name of an entity


def request(unit: str, *, replicate: int, settings: CorpusConfig, gold: Gold) -> Request:
    """Ask for sentences that contain the unit."""
    prompt = settings.prompt
    message = render(prompt, {"n": settings.generation.per_request, "entity": unit})
    id = f"{settings.dataset.name}/{prompt.name}/{unit}#{replicate}"
    return _request(id, message, gold_characters=len(unit))


def parse(
    completion: Completion, *, unit: str, replicate: int, settings: CorpusConfig
) -> tuple[list[Draft], list[Rejected]]:
    """Sentences of a completion as they are numbered, and lines that are none."""
    return read_drafts(completion, unit=unit, replicate=replicate)


def contains(draft: Draft) -> bool:
    """Whether the unit stands in the sentence, by the rules of the gazetteer."""
    return bool(_single(draft.unit).find(tokenise(draft.text)))


def label_request(drafts: Sequence[Draft], *, completion: Completion, settings: CorpusConfig) -> Request | None:
    """The second request about a completion's sentences, all of them as parsed; None where none is needed."""
    dataset, annotator = settings.dataset, settings.annotator
    assert isinstance(dataset, NerDataset)
    if annotator.name != "llm" or not drafts:
        return None
    assert annotator.prompt is not None
    prompt, first = annotator.prompt, drafts[0]
    numbered = "\n".join(f"{number}. {draft.text}" for number, draft in enumerate(drafts, 1))

    def message(sentences: str) -> str:
        noun = dataset.noun or dataset.entity_type.lower()
        values = {"noun": noun, "guidelines": dataset.guidelines, "sentences": sentences}
        return render(prompt, values, optional=("noun", "guidelines"))

    evidence = {"prompt": message(f"{{the {len(drafts)} numbered sentences}}"), "labels": completion.id}
    id = f"{dataset.name}/{prompt.name}/{first.unit}#{first.replicate}"
    named = sum(len(draft.unit) for draft in drafts if contains(draft))
    return _request(id, message(numbered), evidence=evidence, gold_characters=named)


def annotate(
    drafts: Sequence[Draft], *, settings: CorpusConfig, lexicon: Sequence[str], answer: Completion | None
) -> tuple[list[Candidate], list[Rejected]]:
    """The labelled sentences of one completion, and what `answer` lists that is not in them."""
    dataset, annotator = settings.dataset, settings.annotator
    assert isinstance(dataset, NerDataset)
    words = [tokenise(draft.text) for draft in drafts]
    rejected: list[Rejected] = []
    places: list[list[tuple[int, int]]] = []
    if annotator.name == "llm":
        assert answer is not None
        for draft, tokens, mentions in zip(drafts, words, read_mentions(answer, sentences=len(drafts)), strict=True):
            found, absent = place_mentions(tokens, mentions)
            places.append(found)
            rejected += [Rejected(draft, "mention_not_in_sentence", mention) for mention in absent]
    elif annotator.name == "gazetteer":
        places = [_known(tuple(lexicon)).find(tokens) for tokens in words]
    else:
        places = [_single(draft.unit).find(tokens) for draft, tokens in zip(drafts, words, strict=True)]
    candidates = [
        Candidate(draft, label(tokens, places=found, entity_type=dataset.entity_type))
        for draft, tokens, found in zip(drafts, words, places, strict=True)
    ]
    return candidates, rejected


def brief(settings: CorpusConfig) -> Brief:
    dataset = settings.dataset
    assert isinstance(dataset, NerDataset)
    noun = dataset.noun or dataset.entity_type.lower()
    task = (
        f"sentences that contain a given {noun} name, in the style of PubMed journal articles and with a variety of "
        "sentence structures, as training data for named entity recognition"
    )
    return Brief(task, {"n": "the number of sentences", "entity": f"the {noun} name"})


def propose(settings: CorpusConfig, *, gold: Gold) -> dict[str, str]:
    return {}


def from_json(row: Mapping[str, Any]) -> Sentence:
    return Sentence(tuple(row["tokens"]), to_spans(row["tags"]))


def statistics(examples: Sequence[Sentence]) -> dict[str, float]:
    """What is said of a corpus beside its lengths."""
    mentions = [mention.casefold() for example in examples for mention in example.mentions]
    return {
        "mentions": len(mentions),
        "mentions per sentence": len(mentions) / max(len(examples), 1),
        "different mentions": len(set(mentions)),
    }


def words(example: Sentence) -> Sequence[str]:
    return example.tokens


def _request(id: str, message: str, *, evidence: dict[str, Any] | None = None, gold_characters: int = 0) -> Request:
    return Request(id, ({"role": "user", "content": message},), evidence or {"prompt": message}, gold_characters)


@lru_cache(maxsize=4096)
def _single(unit: str) -> Gazetteer:
    return Gazetteer([unit])


@lru_cache(maxsize=4)
def _known(terms: tuple[str, ...]) -> Gazetteer:
    if not terms:
        raise ConfigError("the lexicon has no terms: see annotator.lexicon.")
    return Gazetteer(terms)
