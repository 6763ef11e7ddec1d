"""A task: the parts that a task folder has, and what each of them offers.

`tasks.open(dataset)` gives a `Task`, bound to its dataset; what a corpus, a review or a saved model needs, which know
their task and its labels but no dataset, is in its `Kind`. Every part is checked by mypy against the protocols below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clinsynth.task.causal import CausalModel
from clinsynth.task.encoder import Cut, EncoderModel, EncoderReading, Reader, Window
from clinsynth.task.forms import AnswerForm
from clinsynth.task.parts import (
    Asker,
    Confidence,
    Consistency,
    Examples,
    Exchange,
    GoldReader,
    Judge,
    Partial,
    PathReader,
    Probabilities,
    RealTexts,
    Reviewer,
    Writer,
)
from clinsynth.task.units import (
    DISTRACTORS,
    NONE,
    Beside,
    Chosen,
    Negatives,
    Quota,
    Supply,
    Tally,
    Wanted,
    is_named,
    split_unit,
    typed_unit,
)
from clinsynth.task.values import (
    ANSWER,
    REASON,
    VERIFY,
    Alike,
    Asking,
    Choices,
    Headline,
    Proposal,
    Rules,
    Shot,
    Shots,
    Writing,
)
from clinsynth.types import Candidate, Gold, Predictions

__all__ = [
    "ANSWER",
    "DISTRACTORS",
    "NONE",
    "REASON",
    "VERIFY",
    "Alike",
    "AnswerForm",
    "Asker",
    "Asking",
    "Beside",
    "CausalModel",
    "Check",
    "Choices",
    "Chosen",
    "Confidence",
    "Consistency",
    "Cut",
    "EncoderModel",
    "EncoderReading",
    "Examples",
    "Exchange",
    "GoldReader",
    "Head",
    "Headline",
    "Judge",
    "Kind",
    "Negatives",
    "Partial",
    "PathReader",
    "Probabilities",
    "Proposal",
    "Quota",
    "Reader",
    "RealTexts",
    "Reviewer",
    "Rules",
    "Shot",
    "Shots",
    "Supply",
    "Tally",
    "Task",
    "Wanted",
    "Window",
    "Writer",
    "Writing",
    "is_named",
    "split_unit",
    "typed_unit",
]


Vote = Callable[[Sequence[Any]], tuple[Any, float | None]]
"""Returns what most of several examples say that label the same text, and, of a text's own label, their share."""

Check = Callable[[Candidate], tuple[str, str] | None]
"""Reason and detail of a rejection, or `None`."""


@dataclass(frozen=True)
class Head:
    """The learner's parts of a task that learns in another way than the usual one."""

    name: str
    """As `backbone.head` has it."""
    version: str
    model: Callable[[], EncoderModel]
    reading: Callable[[], EncoderReading]
    labels_words: bool = False
    """Whether its outputs are probabilities of the task's labels, as those of the usual head."""


@dataclass(frozen=True)
class Kind:
    """A task without a dataset: what a corpus, a review or a saved model needs, which know their labels themselves."""

    name: str
    examples: Examples
    reviewer: Reviewer
    judge: Judge
    version: str
    """Of the model: bumped when the same data and settings would give another one."""
    model: Callable[[], EncoderModel]
    """Imports torch when it is called; so does `reading`."""
    reading: Callable[[], EncoderReading]
    learner: str = "encoder"
    holdout: float = 0.0
    """What `trainer.holdout=null` means."""
    heads: tuple[Head, ...] = ()
    """Those that `backbone.head` chooses from, beside the usual one."""
    probabilities: Probabilities | None = None
    """How sure a model is, label by label; `None` where nothing is chosen word by word, or of a whole text."""
    consistency: Consistency | None = None
    """Of `trainer.alike` and `trainer.abbreviations`; `None` where nothing is said twice."""
    confidence: Confidence | None = None
    """Of `trainer.thresholds`; `None` where labels have none."""
    sentences: Callable[[Any, Sequence[Any]], str | None] | None = None
    """Returns, for a dataset and examples, the language by whose rules they were cut out of texts; `None` where they
    were not. `predict` cuts alike."""
    conversation: Callable[[], CausalModel] | None = None
    """Of the learner `causal`; `None` where a task has labels that an encoder gives."""
    exports: Callable[[Sequence[Any]], Mapping[str, str]] | None = None
    """Returns further files of an exported corpus, by their names; `None` where Parquet is all."""
    numbered: bool = False
    """Whether a unit is but a number, so that its name shows nothing of gold."""

    def with_head(self, head: str | None) -> Kind:
        """Return the kind with the learner's parts of a head; `None`, and a name that is none, is the usual one."""
        found = next((one for one in self.heads if one.name == head), None)
        if found is None:
            return self
        with_head = replace(self, version=found.version, model=found.model, reading=found.reading)
        return with_head if found.labels_words else replace(with_head, probabilities=None, consistency=None)


@dataclass(frozen=True)
class Task:
    """A task, opened for a dataset."""

    kind: Kind
    dataset: Any
    """The dataset's settings; nobody writes to them."""
    labels: tuple[str, ...]
    """In the order of a model's output."""
    read_gold: GoldReader
    writer: Writer
    asker: Asker
    markers: Mapping[str, str] = field(default_factory=dict)
    """Words that a tokenizer keeps whole, each with one whose embedding it starts from."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What labels mean, where the dataset says so."""
    read_path: PathReader | None = None
    """Reads a file or folder of any format of annotated text, in the place of `read_gold`; `None` where a task has but
    formats of its own."""
    partial: Partial | None = None
    """For corpora of fewer kinds of labels; `None` where each has all of them."""
    real: RealTexts | None = None
    """For `material=texts`; `None` where a task has but texts that an LLM writes."""
    terms: Callable[[Gold], Sequence[str]] | None = None
    """Returns the terms of `dataset.units`, or names in gold train, for a lexicon; `None` where a task has no such."""
    vote: Vote | None = None
    """`None` where labels are not voted on."""
    missed: Callable[[Predictions], Sequence[str]] | None = None
    """Returns the units that a model gets wrong, for `units.from_errors`; `None` where units are no parts of texts."""
    hard_negatives: Callable[[Sequence[str], Gold], tuple[Writer, Sequence[str]]] | None = None
    """Returns the writer whose negatives hold the terms of a list, and those of them that name nothing of what is
    learnt; `None` where a task has no negatives."""
    checks: Callable[[Gold], Check] | None = None
    """Quality of the task's own, of texts that are no sentences: in the place of what is asked of a sentence, its
    length included."""
    exchange: Exchange | None = None
    """For texts that are written in several requests, each of which shows what the ones before have brought; `None`
    where one request writes them."""

    @property
    def name(self) -> str:
        """Return the name of its kind."""
        return self.kind.name
