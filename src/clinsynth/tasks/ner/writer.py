"""Asks for sentences about units, and labels those of completions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from clinsynth.config import check
from clinsynth.config.corpus import MODEL
from clinsynth.errors import ConfigError
from clinsynth.prompts import render
from clinsynth.task import NONE, Choices, Proposal, Supply, Writing, split_unit
from clinsynth.tasks.ner import confidence, negatives
from clinsynth.tasks.ner.annotators import Gazetteer
from clinsynth.tasks.ner.companions import OTHERS, companions
from clinsynth.tasks.ner.config import NerDataset
from clinsynth.tasks.ner.gold_mentions import gold_mentions
from clinsynth.tasks.ner.label_requests import mentions_request
from clinsynth.tasks.ner.mention_lists import read_mentions
from clinsynth.tasks.ner.typed_mentions import known_types, place_mentions
from clinsynth.tasks.supply import EACH_UNIT
from clinsynth.tasks.usual import usual_prompt
from clinsynth.text.entities import Sentence, Span
from clinsynth.text.lists import read_drafts
from clinsynth.text.schemas import TEXTS, is_own
from clinsynth.text.words import tokenise
from clinsynth.types import Brief, Candidate, Completion, Draft, Gold, Rejected, Request

PER_UNIT = 30
"""Sentences per entity, in a request and in a corpus (Tang et al. 2023, table 6)."""

ANNOTATORS = ("seed", "gazetteer", "llm", MODEL)


@dataclass(frozen=True)
class NerWriter:
    """Asks for sentences that contain an entity, and finds entities in them."""

    dataset: NerDataset
    version: str = "ner-1"
    supply: Supply = EACH_UNIT
    own_words: Callable[[Draft], Sequence[str]] | None = None
    """Returns the words of a text that came in words; `None` where texts are parted by the usual rules."""
    distractors: tuple[str, ...] = ()
    """Terms of which each negative holds one, and which are no entities; empty where negatives are of anything else."""

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
        prompt = choices.prompt
        if prompt.name == "default":
            prompt = usual_prompt("sentences", language=choices.language, typed=self._typed)
        if annotator == "llm" and (label_prompt is None or label_prompt.name == "default"):
            label_prompt = usual_prompt("mentions", language=choices.language, typed=self._typed)
        if annotator == "gazetteer":
            lexicon = choices.lexicon
            if lexicon is None:
                lexicon = "train" if "train" in self.dataset.split_files() else "units"
        return replace(
            choices,
            per_unit=choices.per_unit or PER_UNIT,
            per_request=choices.per_request or self.dataset.per_request or PER_UNIT,
            prompt=prompt,
            annotator=annotator,
            label_prompt=label_prompt,
            lexicon=lexicon,
            negatives=negatives.complete(choices, dataset=self.dataset),
        )

    def propose(self, gold: Gold, *, recorded: bool) -> Proposal:
        """Propose nothing."""
        return Proposal(self.dataset)

    @property
    def _types(self) -> tuple[str, ...]:
        return tuple(self.dataset.types)

    @property
    def _typed(self) -> bool:
        return len(self._types) > 1

    def units(self, gold: Gold, *, writing: Writing, number: int = 0) -> list[str]:
        """Return those of a list, else the mentions of gold train; of several types each behind its own."""
        return known_terms(gold, dataset=self.dataset)

    def leaking(self, units: Sequence[str], *, writing: Writing, gold: Gold) -> set[str]:
        """Return none: a prompt shows the name of an entity."""
        return set()

    def request(self, unit: str, *, replicate: int, writing: Writing, gold: Gold) -> Request:
        """Ask for sentences that contain the unit, or for negatives."""
        if unit == NONE:
            asked = negatives.request(self.dataset, replicate=replicate, writing=writing, distractors=self.distractors)
            own = writing.negatives is not None and writing.negatives.prompt and is_own(writing.negatives.prompt)
            return TEXTS.asked(asked) if writing.structured and own else asked
        prompt, (term, kind) = writing.prompt, split_unit(unit, types=self._types)
        others: list[str] = []
        if f"${OTHERS}" in (prompt.text or ""):
            others = companions(unit, replicate=replicate, seed=writing.seed, gold=gold, dataset=self.dataset)
            if not others:
                raise ConfigError(
                    f"prompt={prompt.name} names other terms beside {term!r}, and {self.dataset.name} has none of its "
                    "kind: take prompt=default, or give more terms (dataset.units)."
                )
        values = {"n": writing.per_request, "entity": term, "noun": self.dataset.noun_of(kind)}
        told = {"style": self.dataset.style, OTHERS: ", ".join(f'"{name}"' for name in others)}
        message = render(prompt, values | told, optional=("noun", *told))
        named = len(term) + sum(map(len, others))
        asked = _request(f"{self.dataset.name}/{prompt.name}/{unit}#{replicate}", message, gold_characters=named)
        return replace(asked, language=self.dataset.language)

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Return the sentences of a completion as they are numbered, and lines that are none."""
        return read_drafts(completion, unit=unit, replicate=replicate)

    def contains(self, draft: Draft) -> bool:
        """Say whether the unit stands in the sentence, by the rules of the gazetteer; of a negative, a distractor."""
        words = tokenise(draft.text)
        if draft.unit != NONE:
            return bool(self._find([draft.unit], words))
        return not self.distractors or bool(_gazetteer(self.distractors, (NONE,), self.dataset.language).find(words))

    def _find(self, units: Iterable[str], words: Sequence[str]) -> tuple[Span, ...]:
        return _gazetteer(tuple(units), self._types, self.dataset.language).find(words)

    def label_request(self, drafts: Sequence[Draft], *, completion: Completion, writing: Writing) -> Request | None:
        """Return the second request about a completion's sentences, all of them as parsed; `None` without need."""
        prompt = writing.label_prompt
        if writing.annotator != "llm" or not drafts or prompt is None or drafts[0].unit == NONE:
            return None
        term, _ = split_unit(drafts[0].unit, types=self._types)
        return mentions_request(
            [draft.text for draft in drafts],
            dataset=self.dataset,
            unit=drafts[0].unit,
            replicate=drafts[0].replicate,
            prompt=prompt,
            writing=writing,
            evidence={"labels": completion.id},
            gold_characters=len(term) * sum(map(self.contains, drafts)),
        )

    def annotate(
        self, drafts: Sequence[Draft], *, annotator: str, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Return the labelled sentences of one completion, and those in which what `answer` lists has no place.

        Nobody labels negatives; those that hold a term of the lexicon are rejected.
        """
        if drafts and drafts[0].unit == NONE:
            known = self._known(lexicon) if lexicon else None
            return negatives.without_mentions(drafts, known=known)
        if annotator == "llm":
            assert answer is not None
            return self._labelled(drafts, answer)
        if annotator == MODEL:  # which labels them when they are a corpus
            return [Candidate(draft, Sentence(tuple(tokenise(draft.text)))) for draft in drafts], []
        candidates = []
        known = self._known(lexicon) if annotator == "gazetteer" and drafts else None
        for draft in drafts:
            words = self._words(draft)
            spans = known.find(words) if known else self._find([draft.unit], words)
            candidates.append(Candidate(draft, Sentence(tuple(words), spans)))
        return candidates, []

    def _words(self, draft: Draft) -> Sequence[str]:
        return self.own_words(draft) if self.own_words else tokenise(draft.text)

    def _known(self, lexicon: Sequence[str]) -> Gazetteer:
        if not lexicon:
            raise ConfigError("the lexicon has no terms: see annotator.lexicon.")
        return _gazetteer(tuple(lexicon), self._types, self.dataset.language)

    def _labelled(self, drafts: Sequence[Draft], answer: Completion) -> tuple[list[Candidate], list[Rejected]]:
        candidates: list[Candidate] = []
        rejected: list[Rejected] = []
        nouns = {name: self.dataset.noun_of(name) for name in self._types}
        listed = read_mentions(
            answer, sentences=len(drafts), types=known_types(frozenset(nouns.items())) if self._typed else ()
        )
        places = confidence.segments(answer)
        for number, (draft, parts) in enumerate(zip(drafts, listed, strict=True), 1):
            words = self._words(draft)
            spans, refused = place_mentions(parts, tokens=words, nouns=nouns)
            if spans is not None:
                candidate = Candidate(draft, Sentence(tuple(words), spans))
                place = places.get(number)
                candidates.append(candidate if place is None else confidence.known(candidate, answer, place))
            else:
                rejected.append(Rejected(draft, *refused))
        return candidates, rejected

    def brief(self) -> Brief:
        """Say what a prompt has to ask for."""
        noun = self.dataset.called
        task = (
            f"sentences that contain a given {noun} name, in the style of {self.dataset.style} and with a variety "
            "of sentence structures, as training data for named entity recognition"
        )
        return Brief(task, {"n": "the number of sentences", "entity": f"the {noun} name"})


def known_terms(gold: Gold, *, dataset: NerDataset) -> list[str]:
    """Return the terms of a list, else the mentions of gold train; of several types each behind its own."""
    return negatives.check_names(gold.units or gold_mentions(gold.train, dataset=dataset))


def hard_negatives(terms: Sequence[str], gold: Gold, *, dataset: NerDataset) -> tuple[NerWriter, Sequence[str]]:
    """Return the writer whose negatives hold terms of a list, and those that do not name an entity of gold."""
    units = gold.units or gold_mentions(gold.train, dataset=dataset)
    known = _gazetteer(tuple(units), tuple(dataset.types), dataset.language)
    free = negatives.free_of_entities(terms, known=known, called=dataset.called)
    return NerWriter(dataset, distractors=free), free


def _request(id: str, message: str, *, gold_characters: int = 0) -> Request:
    return Request(id, ({"role": "user", "content": message},), {"prompt": message}, gold_characters)


@lru_cache(maxsize=4096)
def _gazetteer(units: tuple[str, ...], types: tuple[str, ...], language: str | None) -> Gazetteer:
    found = Gazetteer((split_unit(unit, types=types) for unit in units), language=language)
    if twice := found.of_several_types:
        (term, kind), number = twice[0], len(twice)
        print(
            f"{number} terms of the lexicon have another type before, as which they count (of gold train the more "
            f"frequent one), such as {term!r} as {kind}",
            flush=True,
        )
    return found
