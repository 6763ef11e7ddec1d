"""What the settings of a corpus say to those who write and plan it, in small values."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from clinsynth.config import CorpusConfig, NegativesConfig, PromptConfig
from clinsynth.errors import ConfigError
from clinsynth.task import ANSWER, REASON, VERIFY, Asking, Choices, Negatives, Task, Wanted, Writing
from clinsynth.tasks.usual import step_prompt
from clinsynth.types import Prompt

Node = TypeVar("Node")


def changed(node: Node, **values: Any) -> Node:
    """Return a copy of a settings node with other values; ranges are those of what people write, and not checked."""
    found = copy.copy(node)
    vars(found).update(values)
    return found


def choices(settings: CorpusConfig) -> Choices:
    """Return what the settings say of a corpus, with what they leave open."""
    return Choices(
        prompt=prompt_of(settings.prompt),
        per_unit=settings.size.per_unit,
        total=settings.size.total,
        share=settings.seed_ratio.value,
        most_units=settings.units.max,
        only=tuple(settings.units.only),
        per_request=settings.generation.per_request,
        annotator=settings.annotator.name,
        label_prompt=prompt_of(settings.annotator.prompt) if settings.annotator.prompt else None,
        lexicon=settings.annotator.lexicon,
        weighted=settings.quality.weighted,
        negatives=_negatives(settings),
        language=language_of(settings.prompt_language),
    )


def negatives_of(negatives: Negatives | None, *, settings: CorpusConfig, task: Task) -> NegativesConfig:
    """Return the settings of negatives with the task's prompt; raises ConfigError where the task has none."""
    if negatives is None:
        if settings.negatives.terms:
            raise ConfigError(
                f"negatives.terms={settings.negatives.terms} says what negatives are about, and there are none: say "
                "how many, as units.negatives=0.2, or leave it out."
            )
        return settings.negatives
    if negatives.prompt is None:
        raise ConfigError(
            f"units.negatives={negatives.share:g} is of ner; {task.name} asks for texts of every label as it is: leave "
            "it out."
        )
    return changed(settings.negatives, prompt=PromptConfig(**vars(negatives.prompt)))


def prompt_of(prompt: PromptConfig) -> Prompt:
    return Prompt(prompt.name, prompt.text)


def language_of(prompts: Mapping[str, PromptConfig]) -> dict[str, Prompt]:
    return {name: prompt_of(prompt) for name, prompt in prompts.items()}


def _negatives(settings: CorpusConfig) -> Negatives | None:
    share, asked = settings.units.negatives, settings.negatives
    if not share:
        return None
    prompt = prompt_of(asked.prompt) if asked.prompt else None
    return Negatives(share, asked.per_request, prompt, listed=asked.terms is not None)


def writing(settings: CorpusConfig) -> Writing:
    """Return what a writer needs of completed settings."""
    chosen = choices(settings)
    assert chosen.per_request is not None
    return Writing(
        chosen.prompt,
        per_request=chosen.per_request,
        seed=settings.generation.seed,
        share=chosen.share,
        annotator=chosen.annotator,
        label_prompt=chosen.label_prompt,
        negatives=chosen.negatives,
        structured=settings.llm.asks_for_json,
        asking=_asking(settings),
    )


def wanted(settings: CorpusConfig) -> Wanted:
    """Return how much a corpus of completed settings wants."""
    chosen = choices(settings)
    assert chosen.per_request is not None
    return Wanted(
        per_unit=chosen.per_unit,
        total=chosen.total,
        per_request=chosen.per_request,
        share=chosen.share,
        seed=settings.generation.seed,
        most_units=chosen.most_units,
        only=chosen.only,
        negatives=chosen.negatives,
        dataset=settings.dataset.name,
    )


def _asking(settings: CorpusConfig) -> Asking:
    """Return how often and in which steps texts are labelled."""
    annotator, language = settings.annotator, language_of(settings.prompt_language)
    needed = [*((REASON, ANSWER) if annotator.steps > 1 else ()), *([VERIFY] if annotator.verify else [])]
    prompts = {name: step_prompt(name, language=language) for name in needed}
    return Asking(annotator.passes, annotator.steps, annotator.verify, prompts)
