"""What a trained model gets wrong on gold devel, or in a review, is asked for next; test is never looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinsynth import corpora
from clinsynth.analysis.kept_embeddings import Embed
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CorpusConfig, Material
from clinsynth.config.units import DEVEL
from clinsynth.errors import ConfigError
from clinsynth.models import opened
from clinsynth.quality.filters import folded_texts
from clinsynth.stages import suiting
from clinsynth.stages.uncertainty import Unsure
from clinsynth.task import Task
from clinsynth.text.words import folded
from clinsynth.types import Gold, Predictions

MODEL, REVIEW = "errors model", "errors review"
"""Among `Gold.hashes`: the digest of the model whose errors are asked for, and of the review that it is tried on."""

_read: dict[str, Predictions] = {}
"""What this process has predicted: the jobs of a sweep share it."""


@dataclass(frozen=True)
class Tried:
    """Labelled examples that a model is tried on, none of them of test."""

    examples: Sequence[Any]
    called: str
    digest: str
    hashes: Mapping[str, str]
    """What they add to those of gold."""


def with_errors(settings: CorpusConfig, *, task: Task, gold: Gold) -> Gold:
    """Return gold with the units that a model gets wrong in the place of all; as it is where none is named.

    Raises ConfigError where there is nothing to try it on, or nothing is wrong.
    """
    run = settings.units.from_errors
    if run is None:
        return gold
    tried = tried_on(settings, task=task, gold=gold)
    found, digest = predictions(settings, tried=tried, task=task)
    hashes = gold.hashes | {MODEL: digest, **tried.hashes}
    if settings.material is Material.texts:
        return replace(gold, hashes=hashes)
    if task.missed is None:
        raise ConfigError(f"units.from_errors={run} is of ner, and of material=texts; leave it out for {task.name}.")
    units = task.missed(found)
    if not units:
        raise ConfigError(
            f"units.from_errors={run}: the model misses nothing in {tried.called}, so there is nothing to ask."
        )
    print(f"{len(units)} units are those that the model of {run} gets wrong in {tried.called}.", flush=True)
    return replace(gold, units=tuple(units), hashes=hashes)


def tried_on(settings: CorpusConfig, *, task: Task, gold: Gold) -> Tried:
    """Return gold devel, or what people have judged of a corpus; raises ConfigError where there is none."""
    run, named = settings.units.from_errors, settings.units.errors_on
    if named != DEVEL:
        return _reviewed(settings, task=task, gold=gold)
    if not gold.devel:
        raise ConfigError(
            f"units.from_errors={run} looks at what a model gets wrong in gold devel, which "
            f"{settings.dataset.name} has not, and never at test: name a file as dataset.files.devel.path=..., or a "
            "corpus that people have reviewed as units.errors_on=..."
        )
    return Tried(gold.devel, "gold devel", str(gold.hashes.get("devel")), {})


def _reviewed(settings: CorpusConfig, *, task: Task, gold: Gold) -> Tried:
    """Return the judged examples of a corpus that do not stand in test.

    Raises ConfigError for a corpus of other labels, and for one of private text beside a dataset that is public.
    """
    store = ArtifactStore(Path(settings.paths.artifacts))
    named = corpora.load_corpus(corpora.find_corpus(settings.units.errors_on, store=store))
    corpus = corpora.reviewed_of(named, store=store)
    theirs, said = corpus.manifest, f"units.errors_on={settings.units.errors_on}"
    if (theirs.task, list(theirs.labels)) != (task.name, list(task.labels)):
        raise ConfigError(
            f"{said}: {corpus.digest} is a corpus for {theirs.task} with the labels {', '.join(theirs.labels)}; "
            f"{settings.dataset.name} is {task.name} with {', '.join(task.labels)}."
        )
    if settings.dataset.public and not theirs.public:
        raise ConfigError(
            f"{said}: the texts of {corpus.digest} are private, and names out of them would be asked for as if they "
            f"were of {settings.dataset.name}, which is public: give dataset.public=false, so that they go to trusted "
            "servers alone."
        )
    judged, review = corpora.reviewed_examples(corpus, store=store)
    words = task.kind.examples.words
    test = folded_texts(gold.held_out, words=words)
    examples = [one for one in judged if folded(words(one)) not in test and one.text not in gold.withheld]
    if not examples:
        raise ConfigError(f"{said}: people gave no example of {corpus.digest} a label that does not stand in test.")
    return Tried(examples, f"the review of {corpus.digest}", review, {REVIEW: review})


def predictions(settings: CorpusConfig, *, tried: Tried, task: Task) -> tuple[Predictions, str]:
    """Return what a model makes of examples, and the digest of its folder; raises ConfigError for one of others."""
    run = settings.units.from_errors
    assert run is not None
    model = Unsure.of(run, settings=settings)
    suiting.check_model(model.folder, named="units.from_errors", task=task)
    key = f"{model.digest}/{tried.digest}"
    if key not in _read:
        with closing(opened(model.folder)) as reader:
            _read[key] = reader.predict(tried.examples)
    return _read[key], model.digest


@dataclass(frozen=True)
class NearErrors:
    """Says how near texts are to those that a model gets wrong."""

    wrong: tuple[str, ...]
    embed: Embed

    @classmethod
    def of(cls, settings: CorpusConfig, *, task: Task, gold: Gold, embed: Embed) -> NearErrors:
        """Return the texts that the model of `units.from_errors` gets wrong; raises ConfigError for none."""
        tried = tried_on(settings, task=task, gold=gold)
        found, _ = predictions(settings, tried=tried, task=task)
        pairs = zip(found.gold, found.predicted, strict=True)
        wrong = tuple(truth.text for truth, guess in pairs if _says(truth) != _says(guess))
        if not wrong:
            raise ConfigError(f"units.from_errors: the model gets nothing wrong in {tried.called}.")
        return cls(wrong, embed)

    def __call__(self, examples: Sequence[Any]) -> list[float]:
        """Return the likeness of each text to the one of them that is nearest, -1 to 1."""
        near = self.embed([example.text for example in examples]) @ self.embed(self.wrong).T
        return [float(value) for value in near.max(axis=1)]


def _says(example: Any) -> tuple[Any, ...]:
    return (example.label, *((found["start"], found["end"], found["label"]) for found in example.entities()))
