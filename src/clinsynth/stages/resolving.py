"""Settings as they are once task and gold have filled in what they leave open. Pure: it returns copies."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from clinsynth import datasets, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking.questions import Part, named_by_shots
from clinsynth.config import (
    CorpusConfig,
    DatasetConfig,
    NegativesConfig,
    OnMissing,
    PathsConfig,
    PromptConfig,
    SizeConfig,
    TestName,
    TrainConfig,
    UnitsConfig,
    ZeroShotConfig,
)
from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import ConfigError
from clinsynth.llm import RECORDED
from clinsynth.review import results
from clinsynth.stages import suiting
from clinsynth.task import Choices, Negatives, Task, Wanted, Writing
from clinsynth.tasks.usual import usual_prompt
from clinsynth.types import Gold, Prompt

Settings = TypeVar("Settings", bound=CorpusConfig)
Node = TypeVar("Node")


@dataclass(frozen=True)
class Resolved(Generic[Settings]):
    """Settings in which nothing is left open, with the task that they open and its gold."""

    settings: Settings
    task: Task
    gold: Gold
    proposed: Mapping[str, str]
    """What was chosen for the user, as files by name."""

    @cached_property
    def recipe(self) -> Recipe:
        """Return what decides the corpus."""
        settings = self.settings
        return Recipe(
            self.task,
            self.gold,
            writing=writing(settings),
            wanted=wanted(settings),
            size=settings.size,
            annotator=settings.annotator,
            quality=settings.quality,
            attempts=settings.generation.max_attempts,
            skip_missing=settings.generation.on_missing is OnMissing.skip,
        )


def load_and_resolve(settings: Settings) -> Resolved[Settings]:
    """Read gold, and return what the settings come to; what is wrong with them is said before."""
    complete(settings)
    return resolve(settings, gold=load_gold(settings.dataset, paths=settings.paths))


def load_gold(dataset: DatasetConfig, *, paths: PathsConfig, needed: Collection[str] = ("train", "test")) -> Gold:
    """Return the gold of a dataset, downloaded if need be, with what people have labelled anew."""
    task = tasks.open(dataset)
    gold = datasets.open_gold(task, data=Path(paths.data), needed=needed)
    if dataset.test is TestName.gold:
        return gold
    return results.adjudicated(gold, task=task, store=ArtifactStore(Path(paths.artifacts)))


def resolve(settings: Settings, *, gold: Gold) -> Resolved[Settings]:
    """Return a copy of the settings with what task and gold choose; raises ConfigError for what does not go together.

    Choices that hang on gold (a pool of rows) are made where a corpus is generated, and returned as files, too.
    """
    completed = complete(settings)
    if isinstance(completed, TrainConfig):
        completed = changed(completed, **_amounts(completed, gold=gold))
    task, proposed = tasks.open(completed.dataset), dict[str, str]()
    if not isinstance(completed, TrainConfig) or completed.source.generated:
        proposal = task.writer.propose(gold, recorded=completed.llm.name == RECORDED)
        proposed = dict(proposal.files)
        completed = changed(completed, dataset=proposal.dataset)
        task = tasks.open(completed.dataset)
    return Resolved(completed, task, gold, proposed)


def opened(settings: Settings, *, gold: Gold) -> Resolved[Settings]:
    """Return settings that are resolved already, with their task."""
    return Resolved(settings, tasks.open(settings.dataset), gold, {})


def asked(settings: ZeroShotConfig) -> ZeroShotConfig:
    """Return a copy of the settings with the task's own prompt where none is chosen, named by the shots it shows."""
    prompt = _prompt(settings.prompt)
    if prompt.name == "default":
        language, task = _language(settings.prompt_language), tasks.open(settings.dataset)
        prompt = usual_prompt(f"zero_shot_{task.name}", language=language) if language else task.asker.prompt
    named = named_by_shots(prompt, settings.zero_shot.shots)
    return changed(settings, prompt=changed(settings.prompt, **vars(named)))


def part(settings: ZeroShotConfig) -> Part:
    """Return which test examples are asked about."""
    told, structured = settings.zero_shot, settings.llm.asks_for_json
    return Part(_prompt(settings.prompt), shots=told.shots, seed=told.seed, limit=told.limit, structured=structured)


def complete(settings: Settings) -> Settings:
    """Return a copy of the settings with what the task chooses whatever gold holds."""
    task = tasks.open(settings.dataset)
    if isinstance(settings, TrainConfig):
        _check_source(settings)
        settings = changed(settings, units=_target(settings))
    chosen = task.writer.complete(choices(settings))
    label_prompt = PromptConfig(**vars(chosen.label_prompt)) if chosen.label_prompt else None
    completed = changed(
        settings,
        size=changed(settings.size, per_unit=chosen.per_unit, total=chosen.total),
        generation=changed(settings.generation, per_request=chosen.per_request),
        prompt=changed(settings.prompt, **vars(chosen.prompt)),
        annotator=changed(settings.annotator, name=chosen.annotator, prompt=label_prompt, lexicon=chosen.lexicon),
        negatives=_asked_for(chosen.negatives, settings=settings, task=task),
    )
    if isinstance(completed, TrainConfig):
        completed = changed(completed, **_learning(completed, task=task))
    return completed


def changed(node: Node, **values: Any) -> Node:
    """Return a copy of a settings node with other values; ranges are those of what people write, and not checked."""
    found = copy.copy(node)
    vars(found).update(values)
    return found


def choices(settings: CorpusConfig) -> Choices:
    """Return what the settings say of a corpus, with what they leave open."""
    return Choices(
        prompt=_prompt(settings.prompt),
        per_unit=settings.size.per_unit,
        total=settings.size.total,
        share=settings.seed_ratio.value,
        most_units=settings.units.max,
        only=tuple(settings.units.only),
        per_request=settings.generation.per_request,
        annotator=settings.annotator.name,
        label_prompt=_prompt(settings.annotator.prompt) if settings.annotator.prompt else None,
        lexicon=settings.annotator.lexicon,
        weighted=settings.quality.weighted,
        negatives=_negatives(settings),
        language=_language(settings.prompt_language),
    )


def _asked_for(negatives: Negatives | None, *, settings: CorpusConfig, task: Task) -> NegativesConfig:
    """Return the settings of negatives with the task's prompt; raises ConfigError where the task has none."""
    if negatives is None:
        return settings.negatives
    if negatives.prompt is None:
        raise ConfigError(
            f"units.negatives={negatives.share:g} is of ner; {task.name} asks for texts of every label as it is: leave "
            "it out."
        )
    return changed(settings.negatives, prompt=PromptConfig(**vars(negatives.prompt)))


def _prompt(prompt: PromptConfig) -> Prompt:
    return Prompt(prompt.name, prompt.text)


def _language(prompts: Mapping[str, PromptConfig]) -> dict[str, Prompt]:
    return {name: _prompt(prompt) for name, prompt in prompts.items()}


def _negatives(settings: CorpusConfig) -> Negatives | None:
    share, asked = settings.units.negatives, settings.negatives
    return Negatives(share, asked.per_request, _prompt(asked.prompt) if asked.prompt else None) if share else None


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


# What a model learns from


def _check_source(settings: TrainConfig) -> None:
    """Raise ConfigError where two settings contradict each other, before the task fills in its defaults."""
    source, size = settings.source, settings.size
    given = size.per_unit is not None or size.total is not None
    if source.ratio is not None and given:
        raise ConfigError(
            f"source.ratio={source.ratio} says how much synthetic data is added, and so does size: leave size=default."
        )
    if source.matched and size.total is None:
        raise ConfigError(
            "source.matched=true (source=kshot) takes as many gold examples as size.total says: give size=t400. Where "
            "size counts examples per unit, say how many: source=original source.examples=160."
        )
    if source.corpora:
        refuse_changes(settings, named="source.corpora names corpora that are made already")


def refuse_changes(settings: CorpusConfig, *, named: str) -> None:
    """Raise ConfigError where settings would make a corpus, of which there is one already."""
    usual = {
        "size": settings.size.per_unit is None and settings.size.total is None,
        "seed_ratio": settings.seed_ratio.value == 1,
        "annotator": settings.annotator.name == "default",
        "prompt": settings.prompt.name == "default",
        "quality=weighted": not settings.quality.weighted,
        "units": settings.units.max is None and not settings.units.only and not settings.units.negatives,
    }
    wrong = [name for name, is_usual in usual.items() if not is_usual]
    if wrong:
        raise ConfigError(f"{named}; {', '.join(wrong)} cannot change them: leave out one or the other.")


def _target(settings: TrainConfig) -> UnitsConfig:
    """A target is a choice among the units, which the task may refuse."""
    target = settings.source.target
    return settings.units if target is None else changed(settings.units, only=[target])


def _learning(settings: TrainConfig, *, task: Task) -> dict[str, Any]:
    """Return what training leaves to the task."""
    backbone, trainer = settings.backbone, settings.trainer
    suiting.check_kind(backbone, task=task)
    suiting.check_devices(trainer, task=task)
    lr = backbone.lr if backbone.lr is not None else backbone.lr_by_task.get(task.name)
    if lr is None:
        raise ConfigError(
            f"backbone.lr=null, and backbone.lr_by_task has no {task.name}: give a learning rate, as in 5e-5."
        )
    holdout = task.kind.holdout if trainer.holdout is None else trainer.holdout
    return {
        "backbone": changed(backbone, lr=lr, lr_by_task={}),
        "trainer": changed(trainer, holdout=holdout),
        "judged": suiting.complete_judge(settings.judged, task=task),
    }


def _amounts(settings: TrainConfig, *, gold: Gold) -> dict[str, Any]:
    """Return what hangs on the number of gold examples."""
    source, size = settings.source, settings.size
    examples = size.total if source.matched else source.examples
    if source.ratio is not None:
        size = SizeConfig(total=max(1, round(source.ratio * (examples or len(gold.trainable)))))
    return {"source": changed(source, examples=examples), "size": size}
