"""Lets the LLM write samples with a prompt, as a corpus would be written, and checks them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from clinsynth.artifacts import digest
from clinsynth.config import (
    AnnotatorConfig,
    CorpusConfig,
    GenerationConfig,
    OnMissing,
    PromptConfig,
    SearchConfig,
    SeedRatioConfig,
    SizeConfig,
    UnitsConfig,
)
from clinsynth.errors import ConfigError
from clinsynth.quality import control
from clinsynth.quality.filters import folded
from clinsynth.tasks.base import config_room, synthesis_room
from clinsynth.tasks.words import tokenise
from clinsynth.types import Candidate, Completion, Gold, Rejected, Request

Ask = Callable[[Sequence[Request], str], dict[str, Completion]]
"""Requests and what they are for to the answers by request; raises where one cannot be had."""


@dataclass(frozen=True)
class Samples:
    kept: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    """Others, each with its reason."""
    gold_characters: int
    """Of the names of gold units in the kept ones."""


class Sampler:
    """Every prompt is tried on the same units."""

    def __init__(self, settings: SearchConfig, *, gold: Gold, ask: Ask) -> None:
        self.ask, self.settings, self.gold = ask, settings, gold
        self.room = synthesis_room(settings.dataset.task)
        self._corpus = corpus_settings(settings, requests=settings.requests)
        self.brief = self.room.brief(self._corpus)
        self.task = settings.task or self.brief.task
        self.units = self._units()
        self._corpus = corpus_settings(settings, requests=len(self.units))  # there may be fewer units than requests
        self._test = frozenset(folded(tokenise(example.text)) for example in gold.guarded)

    def draw(self, templates: Sequence[str]) -> list[Samples]:
        """Samples of each template."""
        requests = {template: self.requests(template) for template in templates}
        found = self.ask([request for asked in requests.values() for request in asked], "samples")
        return [
            self._checked([found[request.id] for request in asked], template) for template, asked in requests.items()
        ]

    def requests(self, template: str) -> list[Request]:
        """One for each unit."""
        settings = self._with(template)
        return [self.room.request(unit, replicate=0, settings=settings, gold=self.gold) for unit in self.units]

    def refusal(self, template: str) -> str | None:
        """Why a template is none of the task."""
        try:
            self.requests(template)
        except ConfigError as error:
            return str(error)
        return None

    def _with(self, template: str) -> CorpusConfig:
        # The name tells prompts apart, in the ids of requests and so in recordings.
        return replace(self._corpus, prompt=PromptConfig(f"search-{digest(template)[:8]}", template))

    def _units(self) -> list[str]:
        """As many as there are requests for each prompt, shuffled where they have no order."""
        units = list(self.room.units(self._corpus, gold=self.gold))
        leaking = self.room.leaking(units, settings=self._corpus, gold=self.gold)
        safe = [unit for unit in units if unit not in leaking]
        if not self.room.ROUNDS:
            random.Random(self.settings.generation.seed).shuffle(safe)
        if not safe:
            raise ConfigError(
                f"{self.settings.dataset.name} has no unit to write samples about: every one shows text of the test "
                "split."
            )
        return safe[: self.settings.requests]

    def _checked(self, completions: Sequence[Completion], template: str) -> Samples:
        """The first so many texts, through quality control."""
        settings = self._with(template)
        drafts, rejected = [], []
        for unit, completion in zip(self.units, completions, strict=True):
            read, refused = self.room.parse(completion, unit=unit, replicate=0, settings=settings)
            drafts += list(islice(read, settings.generation.per_request))
            rejected += refused
        kept, refused = control(
            [Candidate(draft, draft.text) for draft in drafts[: self.settings.samples]],
            config=self.settings.quality,
            contains=self.room.contains,
            words=lambda text: tokenise(str(text)),
            test_texts=self._test,
        )
        named = [found.draft.unit for found in kept if found.draft.unit in self.gold_units]
        return Samples(
            tuple(_said(found) for found in kept),
            tuple(_why(found) for found in [*refused, *rejected]),
            gold_characters=sum(map(len, named)),
        )

    @cached_property
    def gold_units(self) -> set[str]:
        """Units whose name is gold text, which a sample repeats."""
        asked = self.requests(self._corpus.prompt.text or "")
        return {unit for unit, request in zip(self.units, asked, strict=True) if request.gold_characters == len(unit)}


def corpus_settings(settings: SearchConfig, *, requests: int = 1) -> CorpusConfig:
    """Those of a corpus with the task's usual prompt, of which each request asks for its share of the samples."""
    share = math.ceil(settings.samples / requests)
    if synthesis_room(settings.dataset.task).ROUNDS:
        share += share % 2  # half of a round is positive
    found = CorpusConfig(
        dataset=settings.dataset,
        size=SizeConfig(),
        seed_ratio=SeedRatioConfig(1.0),
        units=UnitsConfig(),
        generation=GenerationConfig(
            **vars(settings.generation) | {"per_request": share, "on_missing": OnMissing.error},
        ),
        prompt=PromptConfig("default"),
        llm=settings.llm,
        annotator=AnnotatorConfig("default"),
        quality=settings.quality,
        tracking=settings.tracking,
        paths=settings.paths,
    )
    config_room(settings.dataset.task).resolve(found)
    return found


def _said(found: Candidate) -> str:
    return f"{found.draft.text} [{found.draft.label}]" if found.draft.label else found.draft.text


def _why(found: Rejected) -> tuple[str, str]:
    return found.draft.text, found.reason
