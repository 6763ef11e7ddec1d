"""Settings as they are once task and gold have filled in what they leave open. Pure: it returns copies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from clinsynth import datasets, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.asking.questions import Part, named_by_shots
from clinsynth.config import (
    CorpusConfig,
    DatasetConfig,
    Material,
    OnMissing,
    PathsConfig,
    PromptConfig,
    SizeConfig,
    TestName,
    TrainConfig,
    UnitsConfig,
    ZeroShotConfig,
)
from clinsynth.config.training import CROSS_ENTROPY, MIXED
from clinsynth.corpora.recipe import Recipe
from clinsynth.errors import ConfigError
from clinsynth.llm import RECORDED
from clinsynth.review import results
from clinsynth.stages import annotating, labelling, suiting
from clinsynth.stages.choices import changed, choices, language_of, negatives_of, prompt_of, wanted, writing
from clinsynth.stages.distractors import with_distractors
from clinsynth.stages.errors import with_errors
from clinsynth.stages.planting import with_canaries
from clinsynth.task import Task
from clinsynth.tasks.usual import usual_prompt
from clinsynth.types import Gold

__all__ = [
    "Resolved",
    "asked",
    "changed",
    "choices",
    "complete",
    "load_and_resolve",
    "load_gold",
    "opened",
    "part",
    "refuse_changes",
    "resolve",
    "wanted",
    "writing",
]

Settings = TypeVar("Settings", bound=CorpusConfig)


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
            writing=replace(writing(settings), **labelling.shown(settings, gold=self.gold)),
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
    settings = changed(settings, annotator=annotating.with_models(settings))
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
    gold = with_canaries(gold, privacy=completed.privacy, of=task.kind.examples)
    if not isinstance(completed, TrainConfig) or completed.source.generated:
        proposal = labelling.writer_of(completed, task=task).propose(gold, recorded=completed.llm.name == RECORDED)
        proposed = dict(proposal.files)
        completed = changed(completed, dataset=proposal.dataset)
        task, gold = _with_material(completed, gold=gold)
    return Resolved(completed, task, gold, proposed)


def opened(settings: Settings, *, gold: Gold) -> Resolved[Settings]:
    """Return settings that are resolved already, with their task."""
    task, gold = _with_material(settings, gold=gold)
    return Resolved(settings, task, gold, {})


def _with_material(settings: CorpusConfig, *, gold: Gold) -> tuple[Task, Gold]:
    """Return the task, and gold with the units or texts that a corpus is made of."""
    task, gold = with_distractors(settings, task=tasks.open(settings.dataset), gold=gold)
    return labelling.with_texts(settings, task=task, gold=with_errors(settings, task=task, gold=gold))


def asked(settings: ZeroShotConfig) -> ZeroShotConfig:
    """Return a copy of the settings with the task's own prompt where none is chosen, named by the shots it shows."""
    prompt = prompt_of(settings.prompt)
    if prompt.name == "default":
        language, task = language_of(settings.prompt_language), tasks.open(settings.dataset)
        prompt = usual_prompt(f"zero_shot_{task.name}", language=language) if language else task.asker.prompt
    named = named_by_shots(prompt, settings.zero_shot.shots, of=settings.zero_shot.shots_from)
    return changed(settings, prompt=changed(settings.prompt, **vars(named)))


def part(settings: ZeroShotConfig) -> Part:
    """Return which test examples are asked about."""
    told, structured = settings.zero_shot, settings.llm.asks_for_json
    prompt = prompt_of(settings.prompt)
    return Part(prompt, shots=told.shots, seed=told.seed, limit=told.limit, structured=structured)


def complete(settings: Settings) -> Settings:
    """Return a copy of the settings with what the task chooses whatever gold holds."""
    task = tasks.open(settings.dataset)
    if isinstance(settings, TrainConfig):
        _check_source(settings)
        settings = changed(settings, units=_target(settings))
    settings = labelling.filled_in(settings)
    chosen = labelling.writer_of(settings, task=task).complete(choices(settings))
    label_prompt = PromptConfig(**vars(chosen.label_prompt)) if chosen.label_prompt else None
    completed = changed(
        settings,
        size=changed(settings.size, per_unit=chosen.per_unit, total=chosen.total),
        generation=changed(settings.generation, per_request=chosen.per_request),
        prompt=changed(settings.prompt, **vars(chosen.prompt)),
        annotator=changed(settings.annotator, name=chosen.annotator, prompt=label_prompt, lexicon=chosen.lexicon),
        negatives=negatives_of(chosen.negatives, settings=settings, task=task),
    )
    if isinstance(completed, TrainConfig):
        completed = changed(completed, **_learning(completed, task=task))
    labelling.check_labelling(completed, task=task)
    return completed


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
        "material": settings.material is Material.written,
        "quality=weighted": not settings.quality.weighted,
        "units": settings.units.max is None
        and not (settings.units.only or settings.units.negatives or settings.units.from_errors),
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
    _check_learner(settings, task=task)
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


def _check_learner(settings: TrainConfig, *, task: Task) -> None:
    """Raise ConfigError for ways to learn that are an encoder's, and another learner is chosen."""
    trainer = settings.trainer
    chosen = {
        "trainer.loss": trainer.loss != CROSS_ENTROPY,
        "trainer.weights": trainer.weights != "none",
        "trainer.average": trainer.average > 1,
        "trainer.alike": trainer.alike is not None,
        "trainer.abbreviations": trainer.abbreviations,
        "source.order": settings.source.order != MIXED,
    }
    wrong = [name for name, given in chosen.items() if given]
    if wrong and task.kind.learner != "encoder":
        raise ConfigError(
            f"{', '.join(wrong)}: only models that mark and classify texts learn so, and {task.dataset.name} "
            f"({task.name}) is learnt by one that writes: leave it out."
        )


def _amounts(settings: TrainConfig, *, gold: Gold) -> dict[str, Any]:
    """Return what hangs on the number of gold examples."""
    source, size = settings.source, settings.size
    examples = size.total if source.matched else source.examples
    if source.ratio is not None:
        size = SizeConfig(total=max(1, round(source.ratio * (examples or len(gold.trainable)))))
    return {"source": changed(source, examples=examples), "size": size}
