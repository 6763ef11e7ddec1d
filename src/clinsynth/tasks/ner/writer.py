"""Asks for sentences about units, and labels those of completions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from clinsynth.config import check, named_prompt
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import NONE, Choices, Proposal, Supply, Writing
from clinsynth.tasks.ner import negatives
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.mention_lists import place_listed, read_mentions
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.text.alignment import Place
from clinsynth.text.entities import Sentence, Span
from clinsynth.text.lists import read_drafts
from clinsynth.text.words import tokenise
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

PER_UNIT = 30
"""Sentences per entity, in a request and in a corpus (Tang et al. 2023, table 6)."""

ANNOTATORS = ("seed", "gazetteer", "llm")


@dataclass(frozen=True)
class NerWriter:
    """Asks for sentences that contain an entity, and finds entities in them."""

    dataset: NerDataset
    version: str = "ner-1"
    supply: Supply = EACH_UNIT

    def complete(self, choices: Choices) -> Choices:
        """Fill in what the settings leave to the task; raises ConfigError for a setting that it does not have."""
        if choices.total is not None:
            raise ConfigError(
                f"size.total={choices.total} is of tasks that count all examples; ner counts sentences per entity: "
                "use size=n1 ... n30, or size.per_unit=7."
            )
        check(choices.share > 0, "seed_ratio.value", choices.share, "above 0 for ner")
        check(not choices.weighted, "quality.weighted", True, "false; only multilabel weights examples")
        annotator = "gazetteer" if choices.annotator == "default" else choices.annotator
        check(annotator in ANNOTATORS, "annotator.name", annotator, f"one of {', '.join(ANNOTATORS)}")
        label_prompt, lexicon = choices.label_prompt, None
        if annotator == "llm" and label_prompt is None:
            label_prompt = named_prompt("mentions")
        if annotator == "gazetteer":
            lexicon = choices.lexicon
            if lexicon is None:
                lexicon = "train" if "train" in self.dataset.split_files() else "units"
        return replace(
            choices,
            per_unit=choices.per_unit or PER_UNIT,
            per_request=choices.per_request or self.dataset.per_request or PER_UNIT,
            prompt=named_prompt("sentences") if choices.prompt.name == "default" else choices.prompt,
            annotator=annotator,
            label_prompt=label_prompt,
            lexicon=lexicon,
            negatives=negatives.complete(choices.negatives, dataset=self.dataset),
        )

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose nothing."""
        return Proposal(self.dataset)

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return those of a list, else the mentions of gold train.

        Unique mentions, case folded, each in its most frequent form; by frequency, then alphabetically.
        Of forms that are equally frequent the first in the file is taken.
        """
        return negatives.check_names(gold.units) if gold.units else self._mentions(gold)

    def _mentions(self, gold: Gold) -> list[str]:
        forms: dict[str, Counter[str]] = {}
        for sentence in gold.train:
            for mention in sentence.mentions:
                forms.setdefault(mention.casefold(), Counter())[mention] += 1
        if not forms:
            raise ConfigError(
                f"{self.dataset.name} has neither gold train nor a list of units: give one as dataset.units=terms.txt."
            )
        ordered = sorted(forms, key=lambda folded: (-forms[folded].total(), folded))
        return negatives.check_names([forms[folded].most_common(1)[0][0] for folded in ordered])

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return none: a prompt shows the name of an entity."""
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for sentences that contain the unit, or for negatives."""
        if unit == NONE:
            return negatives.request(self.dataset, replicate=replicate, writing=writing)
        prompt = writing.prompt
        message = render(prompt, {"n": writing.per_request, "entity": unit})
        return _request(f"{self.dataset.name}/{prompt.name}/{unit}#{replicate}", message, gold_characters=len(unit))

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the sentences of a completion as they are numbered, and lines that are none."""
        return read_drafts(completion, unit=unit, replicate=replicate)

    def contains(self, draft: Draft) -> bool:
        """Say whether the unit stands in the sentence, by the rules of the gazetteer."""
        return draft.unit == NONE or bool(_single(draft.unit).find(tokenise(draft.text)))

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return the second request about a completion's sentences, all of them as parsed; `None` without need."""
        prompt = writing.label_prompt
        if writing.annotator != "llm" or not drafts or prompt is None or drafts[0].unit == NONE:
            return None
        first, dataset = drafts[0], self.dataset
        numbered = "\n".join(f"{number}. {draft.text}" for number, draft in enumerate(drafts, 1))

        def message(sentences: str) -> str:
            values = {"noun": dataset.called, "guidelines": dataset.guidelines, "sentences": sentences}
            return render(prompt, values, optional=("noun", "guidelines"))

        evidence = {"prompt": message(f"{{the {len(drafts)} numbered sentences}}"), "labels": completion.id}
        id = f"{dataset.name}/{prompt.name}/{first.unit}#{first.replicate}"
        named = sum(len(draft.unit) for draft in drafts if self.contains(draft))
        return _request(id, message(numbered), evidence=evidence, gold_characters=named)

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return the labelled sentences of one completion, and those in which what `answer` lists has no place.

        Nobody labels negatives; those that hold a term of the lexicon are rejected.
        """
        if drafts and drafts[0].unit == NONE:
            return negatives.without_mentions(drafts, known=_known(tuple(lexicon)) if lexicon else None)
        if annotator == "llm":
            assert answer is not None
            return self._labelled(drafts, answer)
        candidates = []
        for draft in drafts:
            words = tokenise(draft.text)
            gazetteer = _known(tuple(lexicon)) if annotator == "gazetteer" else _single(draft.unit)
            candidates.append(self._candidate(draft, words, gazetteer.find(words)))
        return candidates, []

    def _labelled(self, drafts: Sequence[Draft], answer: Completion) -> tuple[list[Candidate], list[Rejected]]:
        candidates: list[Candidate] = []
        rejected: list[Rejected] = []
        types = {self.dataset.only_type, self.dataset.called}
        for draft, parts in zip(drafts, read_mentions(answer, sentences=len(drafts)), strict=True):
            words = tokenise(draft.text)
            places, absent = (None, "") if parts is None else place_listed(parts, tokens=words, types=types)
            if places is not None:
                candidates.append(self._candidate(draft, words, places))
            else:
                rejected.append(Rejected(draft, "mention_not_in_sentence" if absent else "labels_unreadable", absent))
        return candidates, rejected

    def _candidate(self, draft: Draft, words: Sequence[str], places: Sequence[Place]) -> Candidate:
        spans = tuple(Span(start, end, self.dataset.only_type) for start, end in places)
        return Candidate(draft, Sentence(tuple(words), spans))

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        noun = self.dataset.called
        task = (
            f"sentences that contain a given {noun} name, in the style of PubMed journal articles and with a variety "
            "of sentence structures, as training data for named entity recognition"
        )
        return Brief(task, {"n": "the number of sentences", "entity": f"the {noun} name"})


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
