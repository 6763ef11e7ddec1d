"""Does a model give away what it has learnt from? Gold that it learnt from beside gold that it has not seen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from clinsynth import keys
from clinsynth.analysis.losses import losses
from clinsynth.analysis.membership import LOSS, NEIGHBOURS, PREFIX, Attack, altered
from clinsynth.config import AnalyseConfig, SourceName
from clinsynth.errors import ConfigError
from clinsynth.learning import saved
from clinsynth.models import opened
from clinsynth.reports.trust_figures import roc_curves
from clinsynth.stages import Job, models
from clinsynth.stages.detecting.question import Finding, Question
from clinsynth.stages.frame import Frame
from clinsynth.stages.learnt import Learnt, learnt, run_of

MOST = 500
"""Examples of each side."""
NUMBER = 8
"""Neighbours of each."""
FEWEST = 10
"""Examples of each side, at least."""

FIGURE = "membership.png"


@dataclass(frozen=True)
class Sides:
    """Gold examples of which a model, or the LLM that wrote for it, has seen the first ones alone."""

    members: Sequence[Any]
    others: Sequence[Any]


def question(settings: AnalyseConfig, *, job: Job, frame: Frame) -> Question:
    """Return the test of a model; raises ConfigError where nothing here knows what it has learnt from."""
    if settings.model is None:
        raise ConfigError("detect=membership is about a trained model: give model=latest, its folder, or its run.")
    folder = models.locate(settings.model, ledger=frame.ledger)
    said = saved.describe_model(folder)
    if said.learner == "causal":
        raise ConfigError(
            f"detect=membership is about models that give labels, and {folder} writes: detect=canaries is for it, too."
        )
    run_id = run_of(folder)
    found = learnt(run_id, paths=settings.paths, ledger=frame.ledger) if run_id else None
    if found is None:
        raise ConfigError(
            f"detect=membership: nothing here knows the run that trained model={settings.model}, and so not which "
            "examples it has learnt from. Ask where it was trained."
        )
    of, given = found.settings.dataset.name, settings.dataset.name
    if of != given:
        raise ConfigError(f"model={settings.model} has learnt {of}: give dataset={of}, where it was {given}.")
    sides = _sides(found, seed=settings.analysis.seed)
    found = replace(found, task=replace(found.task, kind=found.task.kind.with_head(said.head)))
    content = {"model": saved.folder_digest(folder), "gold": found.gold.hashes, "seed": settings.analysis.seed}
    return Question(
        keys.detection("membership", content),
        name=f"membership-{folder.name}",
        title=f"What {folder.name} gives away ({found.settings.source.name.value})",
        answer=_Answer(found, folder=folder, sides=sides, seed=settings.analysis.seed),
    )


def _sides(found: Learnt, *, seed: int) -> Sides:
    """Return members and others, each text once; raises ConfigError where there are too few of either."""
    synthetic = found.settings.source.name is SourceName.synthetic
    members, others = _seeding(found) if synthetic else _learnt_from(found)
    seen = {example.text for example in members}
    others = [example for example in others if example.text not in seen]
    if min(len(members), len(others)) < FEWEST:
        raise ConfigError(
            f"detect=membership: gold has {len(members)} examples that the model (or what was written for it) comes "
            f"from and {len(others)} that it does not: at least {FEWEST} of each are needed."
        )
    return Sides(_drawn(members, seed), _drawn(others, seed))


def _learnt_from(found: Learnt) -> tuple[list[Any], list[Any]]:
    """Return the gold examples that were learnt from, and those of test; of devel, where that chose no checkpoint."""
    own = {id(example) for example in found.gold.trainable}
    members = [example for example in found.arm.train if id(example) in own]
    return members, list(found.gold.test or (() if found.arm.devel else found.gold.devel))


def _seeding(found: Learnt) -> tuple[list[Any], list[Any]]:
    """Return examples of gold train whose names, or rows, prompts have shown to the LLM; and the other ones."""
    units = found.corpus.units if found.corpus else ()
    names = {name.casefold() for unit in units for name in (unit, unit.partition(":")[2])}
    rows = set(found.task.dataset.shown_rows())
    sides: tuple[list[Any], list[Any]] = [], []
    for row, example in enumerate(found.gold.train):
        shown = row in rows or any(entity["text"].casefold() in names for entity in example.entities())
        sides[0 if shown else 1].append(example)
    return sides


def _drawn(examples: Sequence[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(list(examples), min(MOST, len(examples)))


@dataclass(frozen=True)
class _Answer:
    found: Learnt
    folder: Path
    sides: Sides
    seed: int

    def __call__(self) -> Finding:
        with closing(opened(self.folder)) as model:
            members, others = (self._scores(model, side) for side in (self.sides.members, self.sides.others))
        attacks = {name: Attack(members[name], others[name]) for name in members}
        metrics = {f"{PREFIX}members": float(len(self.sides.members)), f"{PREFIX}others": float(len(self.sides.others))}
        for name, scores in (("members", members), ("others", others)):
            metrics[f"{PREFIX}loss_{name}"] = float(-scores[LOSS].mean())
        for name, attack in attacks.items():
            metrics |= attack.metrics(name, seed=self.seed)
        return Finding(metrics, len(self.sides.members), figures={FIGURE: roc_curves(attacks)})

    def _scores(self, model: Any, examples: Sequence[Any]) -> dict[str, Any]:
        """Return how much each example looks like a member, by each attack."""
        kind, labels = self.found.task.kind, self.found.task.labels
        pool = [word for example in self.sides.others for word in kind.examples.words(example)]
        near = altered(examples, of=kind.examples, words=pool, number=NUMBER, seed=self.seed)
        plain = [kind.examples.from_json(example.to_json()) for example in examples]
        flat = [*plain, *(one for several in near for one in several)]
        found = losses(model, flat, kind=kind, labels=labels)
        own, theirs = found[: len(plain)], found[len(plain) :].reshape(len(plain), NUMBER)
        return {LOSS: -own, NEIGHBOURS: np.asarray(theirs.mean(axis=1) - own)}
