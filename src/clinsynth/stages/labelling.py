"""What labels are asked for with, and which texts they are asked for: shots, rules, real texts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from clinsynth.analysis.kept_embeddings import KeptEmbeddings
from clinsynth.config import DRAW, NEAREST, TRAIN, CorpusConfig, Material, Pick, TextsConfig
from clinsynth.config.corpus import MODEL as BY_MODEL
from clinsynth.corpora.real_texts import Picking, Uncertainty, picked
from clinsynth.corpora.rules import read_rules
from clinsynth.corpora.shots import open_shots
from clinsynth.errors import ConfigError
from clinsynth.files.row_numbers import read_row_numbers
from clinsynth.files.sources import resolve
from clinsynth.keys import digest, named, path_digest
from clinsynth.llm import RECORDED
from clinsynth.stages import suiting
from clinsynth.stages.choices import changed
from clinsynth.stages.errors import NearErrors
from clinsynth.stages.uncertainty import Unsure
from clinsynth.task import RealTexts, Task, Writer
from clinsynth.types import Gold

Settings = TypeVar("Settings", bound=CorpusConfig)

TEXTS, MODEL = "texts", "texts model"
"""Among `Gold.hashes`: sha256 of real texts, and of the model that picks among them."""

NEAR = 0.8
"""Jaccard similarity from which a text counts as one of test, where quality.near_duplicates does not say it."""

_picked: dict[str, Gold] = {}
"""What this process has picked: the jobs of a sweep share it."""


def filled_in(settings: Settings) -> Settings:
    """Return a copy of the settings with the dataset's own shots and texts, where it has some; and who may see texts.

    Real texts are written by nobody that has to be checked, so that of quality control no check of sentences is left.
    """
    annotator, dataset = settings.annotator, settings.dataset
    if annotator.shots and annotator.shots_from is None:
        settings = changed(settings, annotator=changed(annotator, shots_from=dataset.shots or DRAW))
    if settings.material is Material.written:
        return settings
    texts, quality = settings.texts, settings.quality
    drawn = texts.pick is Pick.random and texts.number is None and settings.units.from_errors is None
    if texts.path == TRAIN and texts.rows is None and drawn:
        texts = changed(texts, rows=dataset.texts)
    if texts.path != TRAIN:
        dataset = changed(dataset, public=dataset.public and texts.public)
    own = changed(quality, unit=False, sentence=False, min_words=1, max_words=None)
    return changed(settings, texts=texts, dataset=dataset, quality=own)


def check_labelling(settings: CorpusConfig, *, task: Task) -> None:
    """Raise ConfigError for ways of asking that nobody is asked in, or that change nothing; of completed settings."""
    annotator, llm = settings.annotator, settings.llm
    _check_used(settings)
    if not annotator.is_usual and annotator.name != "llm":
        raise ConfigError(
            "annotator.shots, passes, steps, verify and guidelines are of annotator=llm; "
            f"annotator={annotator.name} asks nobody: leave them out."
        )
    if settings.units.from_errors and (settings.texts.pick is not Pick.random or settings.texts.rows):
        own = f"texts.rows={settings.texts.rows}" if settings.texts.rows else f"texts.pick={settings.texts.pick.value}"
        raise ConfigError(f"units.from_errors and {own} both say which texts come first: leave out one of them.")
    if annotator.passes > 1 and task.vote is None:
        raise ConfigError(f"annotator.passes={annotator.passes}: {task.name} does not vote on labels; it has to be 1.")
    if annotator.passes > 1 and llm.temperature == 0 and llm.name != RECORDED:
        raise ConfigError(
            f"annotator.passes={annotator.passes} with llm.temperature=0 asks for the same answer again and again: "
            "give a temperature such as llm.temperature=0.7."
        )


def _check_used(settings: CorpusConfig) -> None:
    """Raise ConfigError for settings of real texts or of a model that labels, where there are none of these."""
    annotator = settings.annotator
    if settings.material is Material.written and settings.texts != TextsConfig():
        raise ConfigError(
            "texts.path, texts.number and the like say which real texts are labelled, and here an LLM writes them "
            "(material=written): give material=texts, or leave them out."
        )
    if annotator.name != BY_MODEL and (annotator.models or annotator.threshold or annotator.alike):
        raise ConfigError(
            f"annotator.model, threshold and alike are of annotator=model, and annotator={annotator.name} labels: give "
            "annotator=model, or leave them out."
        )


def writer_of(settings: CorpusConfig, *, task: Task) -> Writer:
    """Return what completes the settings: the task's own writer, or that of real texts."""
    return task.writer if settings.material is Material.written else real_of(task).writer((), per_request=1)


def real_of(task: Task) -> RealTexts:
    """Return how a task labels real texts; raises ConfigError where it does not."""
    if task.real is None:
        raise ConfigError(f"material=texts: {task.name} has no labels for texts that are there; leave it out.")
    return task.real


def with_texts(settings: CorpusConfig, *, task: Task, gold: Gold) -> tuple[Task, Gold]:
    """Return the task with a writer for real texts, and gold with these; both as they are where an LLM writes texts."""
    if settings.material is Material.written:
        return task, gold
    gold, per_request = _with_picked(settings, task=task, gold=gold), settings.generation.per_request
    assert per_request is not None
    if not gold.texts:
        raise ConfigError(
            f"texts.path={settings.texts.path}: no text is left to label; left out are "
            + ", ".join(f"{number} {reason}" for reason, number in gold.left_out.items())
        )
    return replace(task, writer=real_of(task).writer(gold.texts, per_request=per_request)), gold


def _with_picked(settings: CorpusConfig, *, task: Task, gold: Gold) -> Gold:
    texts, real = settings.texts, real_of(task)
    path = None if texts.path == TRAIN else resolve(texts.path)
    hashes = {TEXTS: path_digest(path)} if path and path.exists() else {}
    unsure = Unsure.of(texts.model, settings=settings) if texts.model else None
    if unsure is not None:
        suiting.check_model(unsure.folder, named="texts.model", task=task, same_labels=False)
    hashes |= {MODEL: unsure.digest} if unsure else {}
    rows = resolve(texts.rows) if texts.rows else None
    how = [named(texts), named(settings.dataset), hashes, path_digest(rows) if rows and rows.is_file() else None]
    key = digest([*how, dict(gold.hashes), settings.generation.seed, settings.quality.near_duplicates])
    if key not in _picked:
        found = [real.bare(example) for example in gold.train] if path is None else real.read(path, column=texts.column)
        _picked[key] = picked(
            found,
            how=Picking(
                texts.pick,
                number=texts.number,
                rows=read_row_numbers(rows, below=len(found)) if rows else None,
                seed=settings.generation.seed,
                near=settings.quality.near_duplicates or NEAR,
            ),
            gold=gold,
            real=real,
            words=task.kind.examples.words,
            embed=embeddings(settings),
            uncertainty=_first(settings, unsure, task=task, gold=gold),
        )
    kept = _picked[key]
    return replace(gold, texts=kept.texts, left_out=kept.left_out, hashes=dict(gold.hashes) | hashes)


def _first(settings: CorpusConfig, unsure: Unsure | None, *, task: Task, gold: Gold) -> Uncertainty | None:
    """Return what says which texts come first; `None` where a draw or novelty decides."""
    if settings.units.from_errors is None:
        return unsure
    return NearErrors.of(settings, task=task, gold=gold, embed=embeddings(settings))


def shown(settings: CorpusConfig, *, gold: Gold) -> dict[str, Any]:
    """Return what requests for labels show: the shots and rules of a `Writing`."""
    annotator, embed = settings.annotator, embeddings(settings)
    nearest = annotator.shots > 0 and annotator.shots_from == NEAREST
    if gold.texts and (nearest or annotator.guidelines):
        embed([example.text for example in gold.texts])  # together, which is faster than batch by batch
    rules = partial(read_rules, number=annotator.rules, embed=embed)
    return {
        "shots": open_shots(
            annotator.shots, chosen=annotator.shots_from, gold=gold, seed=settings.generation.seed, embed=embed
        ),
        "rules": rules(resolve(annotator.guidelines)) if annotator.guidelines else None,
    }


def embeddings(settings: CorpusConfig) -> KeptEmbeddings:
    """Return what embeds texts, and keeps the vectors beside the artifacts."""
    return KeptEmbeddings(Path(settings.paths.artifacts))


def own_texts(settings: CorpusConfig) -> str:
    """Return the path of a user's own texts; empty where there are none."""
    return settings.texts.path if settings.material is Material.texts and settings.texts.path != TRAIN else ""
