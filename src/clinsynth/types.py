"""Data that crosses rooms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

Metrics = dict[str, float]
"""Metric name as MLflow shows it (`test/f1`) to its value; scores are in 0..1."""


STATUSES = CLEAN, REPAIRED, UNUSABLE = "clean", "repaired", "unusable"
"""Of an LLM's answer to a test example: as it was asked for, to be read all the same, saying nothing."""

ADJUDICATED = "adjudicated"
"""Among `Gold.hashes`: the digest of the review that labelled the test examples anew."""


CANARIES = "canaries"
"""The same of canaries that were put into gold train: their digest."""


class Unlabelled(Enum):
    """What a word is that a corpus without labels of a type says nothing of."""

    masked = "masked"
    lexicon = "lexicon"
    outside = "outside"


class Example(Protocol):
    """One labelled text, gold or synthetic; each task has its own class."""

    @property
    def text(self) -> str: ...

    @property
    def label(self) -> str:
        """The label of the whole text; empty where only its entities are labelled."""
        ...

    def entities(self) -> list[dict[str, Any]]:
        """Marked parts of `text`: start, end, label, text."""
        ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Adjudication:
    """Labels of test rows that come with the project, and how far they are those of gold."""

    annotators: int
    rows: int
    """Labelled anew; of these are tested those that no recorded prompt shows."""
    shown: int
    """Rows that recorded prompts show."""
    stands: int
    """Rows whose label in gold is that of the majority."""
    kappa: float | None
    """Fleiss' kappa of the annotators."""


@dataclass(frozen=True)
class Gold:
    """The gold examples of a dataset and the sha256 of the files they were read from."""

    train: Sequence[Any]
    test: Sequence[Any]
    devel: Sequence[Any]
    hashes: dict[str, str]
    units: tuple[str, ...] = ()
    """Of a list that takes the place of those in gold train."""
    withheld: frozenset[str] = frozenset()
    """Texts that nothing may learn from: of a test set that people have labelled anew, wherever else they stand."""
    adjudication: Adjudication | None = None
    """Where the labels of the test set come with the project."""
    texts: Sequence[Any] = ()
    """Real texts that are to be labelled, in the order in which they are picked; empty where an LLM writes them."""
    left_out: Mapping[str, int] = field(default_factory=dict)  # further ones that are not, by the reason
    own_test: Sequence[Any] = ()
    """Where people have labelled a test set anew: all that the files test, and what else is tested now."""

    @property
    def held_out(self) -> Sequence[Any]:
        """Examples of which no synthetic copy is learnt from, and no LLM is shown one.

        The same for both tests of a dataset, as far as it goes, so that both are of one corpus.
        """
        return self.own_test or self.test

    @property
    def trainable(self) -> Sequence[Any]:
        """The part of `train` that may be learnt from; a pool numbers the rows of `train` itself."""
        if not self.withheld:
            return self.train
        return [example for example in self.train if example.text not in self.withheld]


@dataclass(frozen=True)
class Prompt:
    """A template of messages, with the name that stands in the ids of requests."""

    name: str
    text: str | None = None


@dataclass(frozen=True)
class Brief:
    """The things that a prompt of a task has to ask for."""

    task: str
    """Goes on after "a prompt that asks for"."""
    placeholders: dict[str, str]
    """By the name that a template has, what stands for it in a request."""


@dataclass(frozen=True)
class Request:
    """The messages for the LLM."""

    id: str
    """`dataset/prompt/unit#replicate`; a unit may hold slashes."""
    messages: tuple[dict[str, str], ...]
    evidence: dict[str, Any] = field(default_factory=dict)
    """What a recorded row has to hold, key by key, to be the answer to this request."""
    gold_characters: int = 0
    """How many characters of the messages are gold text: the names of units, rows."""
    answer_schema: Mapping[str, Any] | None = None
    """The JSON schema of the answer that the messages ask for; `None` where they ask for no JSON."""
    language: str | None = None
    """The language of the texts that are asked for, where that is known; stands in no key."""
    own: str | None = None
    """The texts that are asked for, where they are there already, so that nobody is asked."""
    room: int = 1
    """How many times `llm.max_tokens` an answer may be long, after one that was cut; stands in no key."""


Logprobs = tuple[tuple[int, float], ...]
"""Of each token of an answer where it ends, in characters of the text, and the natural logarithm of its probability."""


@dataclass(frozen=True)
class Completion:
    """The LLM's raw answer, never edited."""

    id: str
    """As it is stored: of a recording the row's id, in which the dataset may be another one."""
    model: str
    text: str
    finish_reason: str
    """`stop`, or `length` where the last line is cut."""
    about: str = field(default="", compare=False)
    """The text that it is about, where a recording says so beside what was asked."""
    logprobs: Logprobs = field(default=(), compare=False)
    """Empty where nobody says how likely its tokens were."""


@dataclass(frozen=True)
class Draft:
    """A text out of a completion, before it is labelled."""

    unit: str
    replicate: int
    index: int
    """Its place among the parsed texts of the completion, from 0."""
    text: str
    label: str = ""
    """What the completion itself says of it, where it says so."""
    confidence: float | None = None
    """The probability that the LLM gave to the label that it has written, 0 to 1; `None` where nobody says."""

    @property
    def id(self) -> str:
        return f"{self.unit}#{self.replicate}/{self.index}"


@dataclass(frozen=True)
class Candidate:
    """A labelled draft, on its way through quality control."""

    draft: Draft
    example: Any
    confidences: tuple[float, ...] = ()
    """Those of the entities of the example, in their order; empty where nobody says."""


@dataclass(frozen=True)
class Rejected:
    """A text that was not kept."""

    draft: Draft
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Predictions:
    """Gold examples and what a model makes of them, in the same order."""

    gold: Sequence[Any]
    predicted: Sequence[Any]


@dataclass(frozen=True)
class Reading:
    """The reading of an LLM's answer about a test example that it was asked to label."""

    predicted: Any
    """An example of the task; it labels nothing where the answer is unusable."""
    status: str
    """One of `STATUSES`."""
    hallucinated: tuple[str, ...] = ()
    """What it names that is not there: false positives."""
    conflicts: int = 0
    """Entities that are not kept, for it says two things of the same words."""


@dataclass(frozen=True)
class Curve:
    """Precision against recall as the threshold falls, with the points that thresholds stand for."""

    recall: Sequence[float]
    precision: Sequence[float]
    marks: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Name to recall and precision."""


@dataclass(frozen=True)
class Confusion:
    """Which class is taken for which, of a task whose texts have one class each."""

    labels: tuple[str, ...]
    """Of gold: the rows."""
    predicted: tuple[str, ...]
    """The columns: the same, and what stands for no class where that occurs."""
    counts: tuple[tuple[int, ...], ...]
    """Test examples of each row and column."""


@dataclass(frozen=True)
class Reliability:
    """Predictions in bins by how sure a model is of them: a model that knows is as often right as it is sure."""

    confidence: Sequence[float]
    """The mean of each bin, 0 to 1."""
    precision: Sequence[float]
    """The share of each that is right."""
    spans: Sequence[int]
    """How many there are in each."""

    @property
    def error(self) -> float:
        """Return the expected calibration error (Guo et al. 2017), 0 to 1."""
        gaps = (abs(sure - right) for sure, right in zip(self.confidence, self.precision, strict=True))
        weighted = sum(gap * number for gap, number in zip(gaps, self.spans, strict=True))
        return weighted / max(sum(self.spans), 1)


@dataclass(frozen=True)
class Evaluation:
    """The scores of one model on one test set."""

    metrics: Metrics
    errors: dict[str, int]
    """Errors by kind, for the figure of the run."""
    counts: Any
    """Array [examples, 3] of true positives, predicted, gold: what paired tests need; `None` where scores are no
    counts."""
    curves: dict[str, Curve] = field(default_factory=dict)
    """By name, for the figure of the run; a task without scores has none."""
    confusion: Confusion | None = None
    """For a figure and a file of the run."""
    reliability: Reliability | None = None
    """For the figure of the run, where a model says how sure it is."""
    details: dict[str, Any] = field(default_factory=dict)
    """Scores that are too many for tables, by name, as JSON; empty for a task that has none."""


@dataclass(frozen=True)
class Outcomes:
    """The scores of a finished run, example by example."""

    places: Any
    """Array [examples]: which examples of the test set."""
    counts: Any
    """Array [examples, 3] of true positives, predicted, gold."""


@dataclass(frozen=True)
class Summary:
    """`summary.json` of a job: what it made and where it is."""

    run_id: str
    run_key: str
    corpus: str | None
    model: str | None
    examples: int
    metrics: Metrics = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        content = asdict(self)
        content |= content.pop("metrics")
        text = json.dumps(content, indent=2, ensure_ascii=False)
        (folder / "summary.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Summary:
        content = json.loads(path.read_text(encoding="utf-8"))
        own = {key: content.pop(key) for key in ("run_id", "run_key", "corpus", "model", "examples")}
        return cls(**own, metrics=content)
