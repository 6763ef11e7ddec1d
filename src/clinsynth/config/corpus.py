"""Settings of gold data, and of the synthetic corpus that is made from it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from omegaconf import MISSING

from clinsynth.config.asking import PromptConfig
from clinsynth.config.labelling import LabelAskingConfig
from clinsynth.config.options import AT_LEAST_1, NAME, SCOPES, check, is_name, option
from clinsynth.errors import ConfigError


@dataclass
class ColumnsConfig:
    """The columns of annotated text: by name, or by number from 1 where they have none."""

    word: str | None = option(None, "its words; null: the first column", before=None)
    tag: str | None = option(None, "their tags; null: the last column that has tags alone", before=None)
    text: str | None = option(None, "of rows, the text", before=None)
    entities: str | None = option(None, "of rows, its entities", before=None)
    relations: str | None = option(None, "of rows, its relations", before=None)
    label: str | None = option(None, "of rows, the label or labels of the whole text", before=None)
    id: str | None = option(None, "of rows, what the text is called", before=None)

    def given(self) -> dict[str, str]:
        """Return the columns that are named, by what they hold."""
        return {name: str(column) for name, column in vars(self).items() if column is not None}


@dataclass
class FileConfig:
    """One file of a dataset."""

    path: str | None = option(
        None,
        "null is none; it hangs on paths.data where there is a url, else on the current folder; "
        "`assets:` names a file of the package, `hf:owner/name:split` a data set of the Hugging Face hub",
        keyless=True,
    )
    sha256: str | None = option(None, "checked where given", keyless=True)
    url: str | None = option(None, "where to download it from", keyless=True)
    format: str | None = option(
        None, "of annotated text: conll, jsonl, brat ...; null finds it out, and says which it is", before=None
    )
    encoding: str | None = option(None, "of its text, such as utf-16, cp1252; null is UTF-8", before=None)
    columns: ColumnsConfig = field(default_factory=ColumnsConfig, metadata={"before": ColumnsConfig()})


@dataclass
class FilesConfig:
    """The splits; a path on the command line adds one to a dataset that lacks it."""

    train: FileConfig = field(default_factory=FileConfig)
    devel: FileConfig = field(default_factory=FileConfig)
    test: FileConfig = field(default_factory=FileConfig)

    def given(self) -> dict[str, FileConfig]:
        """Return the splits that there are."""
        splits = {"train": self.train, "test": self.test, "devel": self.devel}
        return {name: file for name, file in splits.items() if file.path is not None}


MODEL = "model"
"""The annotator that is a trained model."""

LANGUAGE = "of the texts (en, es, zh), for cards; of ner for the plurals of known terms, too, where null is as en"


class TestName(Enum):
    gold = "gold"
    adjudicated = "adjudicated"


@dataclass(frozen=True)
class UnitList:
    """A file with units, one a line."""

    path: str
    types: tuple[str, ...] = ()
    """Those of its terms: of one, all are of it; of several, each line says which; empty where units have no type."""
    below: str | None = None
    """The concept of an ontology whose subtree is taken; `None` is all of it."""
    synonyms: bool = True
    """Whether synonyms of an ontology are terms, too."""


@dataclass
class DatasetConfig:
    """Common to all tasks; a task adds its own keys in `tasks/<task>/config.py`."""

    name: str = option(MISSING, "the name in ids, tables and MLflow's experiment", keyless=True)
    task: str = option(MISSING, "what is learnt: ner, relation, multilabel, classes, chat")
    public: bool = option(
        False, "true: anybody may see the data; otherwise nothing of it goes to an LLM unasked", keyless=True
    )
    files: FilesConfig = field(default_factory=FilesConfig, metadata={"keyless": True})  # its keys have the help
    test: TestName = option(
        TestName.gold,
        "adjudicated: the rows that `clinsynth review` had labelled anew, or else those of `adjudicated`; nothing "
        "learns from them",
        keyless=True,
    )
    adjudicated: str | None = option(
        None, "JSON lines with labels of test rows by LLM annotators, which test=adjudicated takes", keyless=True
    )
    licence: str = option("unknown", "of the gold files", keyless=True)
    language: str | None = option(None, LANGUAGE, keyless=True)
    recordings: list[str] = option([], "JSON lines with an LLM's completions, for llm=recorded", keyless=True)
    per_request: int | None = option(None, "examples that one request asks for; null is the task's usual number")
    shots: str | None = option(None, "a file of rows of gold train that annotator.shots shows, in order", keyless=True)
    texts: str | None = option(None, "a file of rows of gold train that material=texts labels, in order", keyless=True)

    def split_files(self) -> dict[str, FileConfig]:
        """Return the files of the splits that there are."""
        return self.files.given()

    def unit_lists(self) -> list[UnitList]:
        """Return the files with units in the place of those in gold train; empty where there is none."""
        return []

    def term_types(self) -> tuple[str, ...]:
        """Return the types between which a list of known terms tells; empty where all are of one."""
        return ()

    def negatives_line(self) -> str | None:
        """Return what a prompt says of texts that hold nothing of what is learnt; `None` where it says nothing."""
        return None

    def needs_train(self) -> bool:
        """Return whether units come from gold train and from nowhere else."""
        return True

    def shown_rows(self) -> Collection[int]:
        """Return the rows of gold train that prompts may show."""
        return ()

    def fold_number(self) -> int | None:
        """Return the fold that is used; `None` for a dataset without folds."""
        return None

    def __post_init__(self) -> None:
        check(self.per_request is None or self.per_request >= 1, "dataset.per_request", self.per_request, AT_LEAST_1)
        check(is_name(self.name), "dataset.name", self.name, NAME)
        code = self.language is None or re.fullmatch(r"[a-z]{2,3}(-\w+)*", self.language) is not None
        check(code, "dataset.language", self.language, "null or a code such as en, es, zh, pt-BR")


@dataclass
class SizeConfig:
    per_unit: int | None = option(None, "synthetic examples per unit; null is the task's usual number")
    total: int | None = option(None, "synthetic examples in all, for tasks that count them so")

    def __post_init__(self) -> None:
        check(self.per_unit is None or self.per_unit >= 1, "size.per_unit", self.per_unit, AT_LEAST_1)
        check(self.total is None or self.total >= 1, "size.total", self.total, AT_LEAST_1)


@dataclass
class SeedRatioConfig:
    value: float = option(MISSING, "share of the available units that is used; a smaller share within a larger")

    def __post_init__(self) -> None:
        check(0 <= self.value <= 1, "seed_ratio.value", self.value, "in [0, 1]")


@dataclass
class AnnotatorConfig(LabelAskingConfig):
    name: str = option(
        MISSING,
        "who labels the synthetic texts: seed, gazetteer, llm, model (a trained one); none: they bring a label; "
        "default is the task's choice",
    )
    lexicon: str | None = option(
        None, "known entities: train (all of gold train), units, or a file with one a line; null: train if there is one"
    )
    prompt: PromptConfig | None = option(None, "of the second request, for llm")
    model: Any = option(
        None,
        "for model: a folder, an MLflow run or latest; a list of several, as in [latest,3f2a], whose probabilities are "
        "averaged",
        keyless=True,
    )
    weights: list[str] = option([], "for model: digests of these, which are found out", before=[])
    threshold: float = option(
        0.0,
        "for model: reject a text of which it is less sure than this, by the label that it is least sure of",
        before=0.0,
    )
    alike: str | None = option(
        None,
        "for model, of ner: where it is unsure, words are labelled as elsewhere in their document, or in the corpus "
        "(all texts that it labels); null: each by themselves",
        before=None,
    )

    @property
    def models(self) -> list[str]:
        """Return the names of the models."""
        named = self.model if isinstance(self.model, list) else [self.model]
        return [str(name) for name in named if name is not None]

    def __post_init__(self) -> None:
        super().__post_init__()
        check(0 <= self.threshold < 1, "annotator.threshold", self.threshold, "0 or more, and below 1")
        check(self.alike in (None, *SCOPES), "annotator.alike", self.alike, f"null, {' or '.join(SCOPES)}")
        plain = isinstance(self.model, str | None) or (
            isinstance(self.model, list) and all(isinstance(name, str) for name in self.model)
        )
        check(plain, "annotator.model", self.model, "null, a folder, a run, or a list of some")
        if self.name == MODEL and not self.models:
            raise ConfigError(
                "annotator=model labels texts with a trained model, and none is named: give annotator.model=latest, a "
                "folder, or the MLflow run that `clinsynth train` names."
            )
        if self.name not in (MODEL, "default") and self.models:
            raise ConfigError(
                f"annotator.model={self.model} with annotator={self.name}, which has no model: choose annotator=model."
            )
        if self.name not in (MODEL, "default") and self.alike:
            raise ConfigError(
                f"annotator.alike={self.alike} is of annotator=model; with annotator={self.name} leave it out."
            )


KEEP, DROP, RELABEL, REVIEW = "keep", "drop", "relabel", "review"


class Reviewed(Enum):
    keep = "keep"
    drop = "drop"
    fix = "fix"


@dataclass
class QualityConfig:
    unit: bool = option(MISSING, "reject a text that its unit does not occur in")
    sentence: bool = option(MISSING, "reject what is no sentence: remarks, headings, numbers")
    min_words: int = option(MISSING, "reject shorter texts")
    max_words: int | None = option(MISSING, "reject longer texts")
    duplicates: bool = option(MISSING, "reject a text that is there already, but for case and spaces")
    near_duplicates: float | None = option(
        MISSING,
        "reject a text that shares this part of its word triples (Jaccard) with a kept one; null: keep",
    )
    test_copies: bool = option(MISSING, "reject a text that stands in the gold test split")
    weighted: bool = option(
        MISSING, "multilabel: weigh the loss of a text by its neighbours' labels and its novelty (flexible control)"
    )

    min_confidence: float | None = option(
        None,
        "reject a text whose labels the LLM found less likely than this (llm.logprobs); null: keep",
        before=None,
    )
    label_errors: str = option(
        KEEP,
        "train: what becomes of labels that a model trained on the other examples takes for errors (cleanlab): keep, "
        "drop (the text), relabel (with the model's), or review (the text is put first in a review)",
        keyless=True,
        before=KEEP,
    )
    folds: int = option(3, "parts of a corpus for label_errors: each is judged by a model of the others", keyless=True)
    reviewed: Reviewed = option(
        Reviewed.keep,
        "examples that `clinsynth review` found to be wrong: keep, drop, or fix (with the label that annotators gave)",
        keyless=True,
    )

    def __post_init__(self) -> None:
        check(self.min_words >= 0, "quality.min_words", self.min_words, "0 or more")
        check(
            self.max_words is None or self.max_words >= self.min_words,
            "quality.max_words",
            self.max_words,
            f"null or at least quality.min_words={self.min_words}",
        )
        threshold = self.near_duplicates
        check(threshold is None or 0 < threshold <= 1, "quality.near_duplicates", threshold, "null or in (0, 1]")
        least = self.min_confidence
        check(least is None or 0 <= least <= 1, "quality.min_confidence", least, "null or in [0, 1]")
        accepted = (KEEP, DROP, RELABEL, REVIEW)
        check(self.label_errors in accepted, "quality.label_errors", self.label_errors, f"one of {', '.join(accepted)}")
        check(2 <= self.folds <= 20, "quality.folds", self.folds, "2 to 20")
