"""Lets the LLM write samples with a prompt, as a corpus would be written, and checks them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from clinsynth.config import SearchConfig
from clinsynth.errors import ConfigError
from clinsynth.keys import digest
from clinsynth.quality import control
from clinsynth.quality.filters import folded_texts
from clinsynth.task import Choices, Task, Writing
from clinsynth.text.words import tokenise
from clinsynth.types import Candidate, Completion, Draft, Gold, Prompt, Rejected, Request

Ask = Callable[[Sequence[Request], str], dict[str, Completion]]
"""Requests and what they are for to the answers by request; raises where one cannot be had."""


@dataclass(frozen=True)
class PromptSamples:
    kept: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    """Others, each with its reason."""
    gold_characters: int
    """The length of the names of gold units in the kept ones."""


class Sampler:
    """Every prompt is tried on the same units."""

    def __init__(self, settings: SearchConfig, *, task: Task, gold: Gold, ask: Ask) -> None:
        self.ask, self.settings, self.gold = ask, settings, gold
        self.writer = task.writer
        self.brief = self.writer.brief()
        self.task = settings.task or self.brief.task
        self.writing = self._writing(requests=settings.requests)
        self.units = self._units()
        self.writing = self._writing(requests=len(self.units))  # there may be fewer units than requests
        self._test = folded_texts(gold.held_out, words=lambda example: tokenise(example.text))

    def draw(self, templates: Sequence[str]) -> list[PromptSamples]:
        """Return the samples of each template."""
        requests = {template: self.requests(template) for template in templates}
        found = self.ask([request for asked in requests.values() for request in asked], "samples")
        return [
            self._checked([found[request.id] for request in asked], template) for template, asked in requests.items()
        ]

    def requests(self, template: str) -> list[Request]:
        """Return a request for each unit."""
        writing = self._with(template)
        return [self.writer.request(unit, replicate=0, writing=writing, gold=self.gold) for unit in self.units]

    def refusal(self, template: str) -> str | None:
        """Say why a template is none of the task; `None` where it is one."""
        try:
            self.requests(template)
        except ConfigError as error:
            return str(error)
        return None

    def _writing(self, *, requests: int) -> Writing:
        """Return what requests need, with the task's usual prompt; each asks for its share of the samples."""
        settings, multiple = self.settings, self.writer.supply.multiple
        share = math.ceil(math.ceil(settings.samples / requests) / multiple) * multiple
        chosen = self.writer.complete(Choices(Prompt("default"), per_request=share, weighted=settings.quality.weighted))
        return Writing(chosen.prompt, per_request=share, seed=settings.generation.seed, annotator=chosen.annotator)

    def _with(self, template: str) -> Writing:
        # The name tells prompts apart, in the ids of requests and so in recordings.
        return replace(self.writing, prompt=Prompt(f"search-{digest(template)[:8]}", template))

    def _units(self) -> list[str]:
        """Return as many units as there are requests for each prompt, shuffled where they have no order."""
        units = list(self.writer.units(self.gold, writing=self.writing, number=0))
        leaking = self.writer.leaking(units, writing=self.writing, gold=self.gold)
        safe = [unit for unit in units if unit not in leaking]
        if not safe:
            raise ConfigError(
                f"{self.settings.dataset.name} has no unit to write samples about: every one shows text of the test "
                "split."
            )
        return self.writer.supply.sample(safe, number=self.settings.requests, seed=self.settings.generation.seed)

    def _checked(self, completions: Sequence[Completion], template: str) -> PromptSamples:
        """Return the first so many texts, through quality control."""
        drafts: list[Draft] = []
        rejected: list[Rejected] = []
        for unit, completion in zip(self.units, completions, strict=True):
            read, refused = self.writer.parse(completion, unit=unit, replicate=0)
            drafts += list(islice(read, self.writing.per_request))
            rejected += refused
        kept, refused = control(
            [Candidate(draft, draft.text) for draft in drafts[: self.settings.samples]],
            config=self.settings.quality,
            contains=self.writer.contains,
            words=lambda text: tokenise(str(text)),
            test_texts=self._test,
        )
        named = [found.draft.unit for found in kept if found.draft.unit in self.gold_units]
        return PromptSamples(
            tuple(_said(found) for found in kept),
            tuple(_why(found) for found in [*refused, *rejected]),
            gold_characters=sum(map(len, named)),
        )

    @cached_property
    def gold_units(self) -> set[str]:
        """Return the units whose name is gold text, which a sample repeats."""
        asked = self.requests(self.writing.prompt.text or "")
        return {unit for unit, request in zip(self.units, asked, strict=True) if request.gold_characters == len(unit)}


def _said(found: Candidate) -> str:
    return f"{found.draft.text} [{found.draft.label}]" if found.draft.label else found.draft.text


def _why(found: Rejected) -> tuple[str, str]:
    return found.draft.text, found.reason
