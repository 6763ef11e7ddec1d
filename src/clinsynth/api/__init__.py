"""clinsynth from Python, in scripts and notebooks: what the command line does, with values in the place of files.

    import clinsynth

    clinsynth.load_dataset("sample_ner").train                       # coloured in a notebook
    corpus = clinsynth.generate("sample_ner", "size=n10", "annotator=llm")
    trained = clinsynth.train("sample_ner", "source=augmented", "size=n10", "annotator=llm")
    model = clinsynth.load_model(trained.model)
    model("Ibuprofen helps with migraine.")                          # [Span(start=20, end=28, label=...)]

What a command takes, a function takes, too: overrides such as `size=n10`, in their order; a first word without `=`
is the dataset. `compose` gives the settings without running anything. Jobs are those of the command line: they have
its run keys, are found again when they are finished, stand in the same MLflow store, and the same answers are paid for
once. They run in this process, from the current folder.

A mistake raises a `clinsynth.errors.ClinsynthError`, whose text says how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinsynth import config, corpora, tasks
from clinsynth.api.scores import Analysed, Trained
from clinsynth.api.texts import Texts
from clinsynth.artifacts import ArtifactStore
from clinsynth.cli import mistakes
from clinsynth.cli.help import did_you_mean, near_names
from clinsynth.environment import settle_environment
from clinsynth.errors import ConfigError
from clinsynth.models import Label, Model, Span, open_folder
from clinsynth.stages import models, resolving
from clinsynth.stages.composing import Composed, compose_job
from clinsynth.stages.overrides import quoted
from clinsynth.types import Summary

__all__ = [
    "Analysed",
    "Composed",
    "Corpus",
    "Dataset",
    "Label",
    "Model",
    "Span",
    "Texts",
    "Trained",
    "analyse",
    "compose",
    "convert",
    "generate",
    "load_corpus",
    "load_dataset",
    "load_model",
    "train",
]

settle_environment()
config.register(tasks.schemas())

Words = str | Iterable[str]
"""An override of the command line, or several."""


@dataclass(frozen=True, repr=False)
class Dataset:
    """Gold data with its splits."""

    name: str
    task: str
    labels: tuple[str, ...]
    """In the order of a model's output."""
    train: Texts
    devel: Texts
    """Empty where the dataset has none."""
    test: Texts

    def __repr__(self) -> str:
        sizes = (f"{split} {len(getattr(self, split)):,}" for split in ("train", "devel", "test"))
        return f"<{self.name} ({self.task}): {', '.join(sizes)}>"

    def _repr_html_(self) -> str:
        """Return the first texts of train, for a notebook."""
        return self.train._repr_html_()


@dataclass(frozen=True, repr=False)
class Corpus:
    """The synthetic texts of one generation."""

    digest: str
    """12 hex digits, by which `clinsynth show corpus=...` knows it."""
    folder: Path
    examples: Texts = field(compare=False)
    """That quality control has kept."""
    counts: Mapping[str, int]
    """How many texts were parsed, kept ..."""
    rejected: Mapping[str, int]
    """How many were not kept, by reason."""
    content: corpora.Corpus = field(compare=False)

    @classmethod
    def of(cls, corpus: corpora.Corpus) -> Corpus:
        """Return a corpus of the store as Python's users see it."""
        manifest = corpus.manifest
        texts = Texts(f"{manifest.dataset}, corpus {corpus.digest}", corpus.examples, corpus.rows)
        return cls(corpus.digest, corpus.folder, texts, manifest.counts, manifest.rejected, corpus)

    def rejected_rows(self) -> Iterator[dict[str, Any]]:
        """Yield the texts that were not kept, each with its `reason`."""
        return self.content.rejected()

    def __len__(self) -> int:
        return len(self.examples)

    def __repr__(self) -> str:
        return f"<corpus {self.digest} of {self.content.manifest.dataset}: {len(self):,} texts>"

    def _repr_html_(self) -> str:
        """Return the first texts with coloured entities, for a notebook."""
        return self.examples._repr_html_()

    def to_pandas(self) -> Any:
        """Return a pandas table with a row a text; see `Texts.to_pandas`."""
        return self.examples.to_pandas()

    def to_datasets(self) -> Any:
        """Return a table of the library datasets; see `Texts.to_datasets`."""
        return self.examples.to_datasets()


def compose(stage: str, *overrides: Words) -> Composed:
    """Return a job of a stage with its typed `settings`, as `clinsynth STAGE OVERRIDE ...` would have it; run nothing.

    `overrides` are words of the command line, or lists of them. Raises ConfigError for a name or value that is none.
    """
    if stage not in config.STAGES:
        near = did_you_mean(near_names(stage, list(config.STAGES)))
        raise ConfigError(f"{stage!r} is not a stage. {near}Stages: {', '.join(config.STAGES)}.")
    words = list(_words(overrides))
    with mistakes.plainly(stage, words):
        return compose_job(stage, words)


def load_dataset(name: str, *overrides: Words) -> Dataset:
    """Return the gold of a dataset by its name in `conf/dataset`; files are downloaded where that is possible.

    `overrides` are those of `clinsynth train`, as in `paths.data=...`. Raises ConfigError for an unknown name, and
    DataFormatError with file and line for what a file holds.
    """
    settings = compose("train", f"dataset={name}", *overrides).settings
    task, gold = tasks.open(settings.dataset), resolving.load_gold(settings.dataset, paths=settings.paths)
    splits = {split: Texts(f"{name}, {split}", getattr(gold, split)) for split in ("train", "devel", "test")}
    return Dataset(settings.dataset.name, task.name, tuple(task.labels), **splits)


def generate(what: str | Composed, *overrides: Words) -> Corpus | None:
    """Return the corpus of a dataset, asking the LLM (`llm=...`) for what it lacks; as `clinsynth generate`.

    `None` where nothing was asked for: `generation.dry_run=true`, or a batch that the server has not done yet.
    """
    made = _job("generate", what, overrides).run()
    return None if made is None else Corpus.of(made)


def load_corpus(corpus: str | Path = "latest", *, artifacts: str | Path = "artifacts") -> Corpus:
    """Return a corpus by its digest, how that begins, `latest`, or the folder of an export.

    Raises ConfigError where there is none, DataFormatError for one that is damaged.
    """
    folder = corpora.find_corpus(str(corpus), store=ArtifactStore(Path(artifacts)))
    return Corpus.of(corpora.load_corpus(folder))


def train(what: str | Composed, *overrides: Words) -> Trained:
    """Fine-tune a backbone on gold, synthetic texts or both, and score it on the test set; as `clinsynth train`.

    A job that is finished is not trained again: its scores and its model are returned.
    """
    job = _job("train", what, overrides)
    summary: Summary | None = job.run()
    if summary is None:
        raise ConfigError("generation.dry_run=true: nothing was trained, and there is no model to be returned.")
    model = None if summary.model is None else Path(summary.model)
    headline = tasks.open(job.settings.dataset).kind.judge.HEADLINE
    return Trained(summary.run_id, summary.metrics, model, summary.corpus, summary.examples, headline)


def load_model(model: str | Path = "latest", *overrides: Words) -> Model:
    """Return a trained model, which reads a text, a list or a stream of texts of any length.

    `model` is its folder, the MLflow run that trained it, or `latest`; `overrides` are those of `clinsynth predict`,
    as in `predict.accelerator=cpu`. Raises ConfigError where there is no such model.
    """
    named = f"model={quoted(str(model))}"
    settings = compose("predict", named, "input=none", *overrides).settings  # texts come later
    if (folder := Path(model).expanduser()).is_dir():
        return open_folder(models.checked(folder), how=settings.predict)
    from clinsynth.tracking import Ledger  # imports MLflow, which takes seconds

    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    return open_folder(models.locate(str(model), ledger=ledger), how=settings.predict)


def analyse(what: str | Composed, *overrides: Words) -> Analysed:
    """Compare a synthetic corpus with gold: variety, copies, leakage, how it is told apart; as `clinsynth analyse`."""
    job = _job("analyse", what, overrides)
    summary: Summary = job.run()
    return Analysed(summary.run_id, summary.metrics, summary.corpus, job.job.folder)


def convert(source: str | Path, to: str | Path, *overrides: Words, format: str) -> Path:
    """Write annotated texts - files, gold, a corpus by its digest - in another format; as `clinsynth convert`.

    Returns `to`. Raises ConfigError where something is there already, DataFormatError for what cannot be read.
    """
    given = f"from={quoted(str(source))}", f"to={quoted(str(to))}", f"format={format}"
    compose("convert", *given, *overrides).run()
    return Path(to)


def _job(stage: str, what: str | Composed, overrides: Iterable[Words]) -> Composed:
    """Return a job that is composed already, or that of words, of which the first one may be a dataset's name."""
    if isinstance(what, str):
        return compose(stage, what if "=" in what else f"dataset={what}", *overrides)
    if what.stage != stage or tuple(overrides):
        raise ConfigError(
            f"a job that is composed is run as it is, by its own function: this one is of {what.stage}, and was given "
            f"to {stage}. Give all overrides to clinsynth.compose({what.stage!r}, ...)."
        )
    return what


def _words(given: Iterable[Words]) -> Iterator[str]:
    for words in given:
        if isinstance(words, str):
            yield words
        else:
            yield from words
