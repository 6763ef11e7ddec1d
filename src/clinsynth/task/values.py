"""The values that cross from settings to a task, and from a task to tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from clinsynth.task.units import Negatives
from clinsynth.types import Prompt


@dataclass(frozen=True)
class Shot:
    """A labelled example that a request shows."""

    row: int
    """Of gold train, from 0."""
    example: Any


class Shots(Protocol):
    @property
    def rows(self) -> Sequence[Shot]:
        """Return all examples that a request may show."""

    @property
    def characters(self) -> int:
        """Return how many characters a request shows, about."""

    def shown(self, texts: Sequence[str]) -> Sequence[Shot]:
        """Return the examples that a request about these texts shows."""


class Rules(Protocol):
    @property
    def characters(self) -> int:
        """Return how many characters a request shows, about."""

    def shown(self, texts: Sequence[str]) -> str:
        """Return the rules that a request about these texts shows."""


@dataclass(frozen=True)
class Asking:
    """How often and in which steps an LLM is asked about the same texts."""

    passes: int = 1
    steps: int = 1
    """2: reasons first, the labels in a second request."""
    verify: bool = False
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    """Of the steps, by `REASON`, `ANSWER`, `VERIFY`."""


REASON, ANSWER, VERIFY = "label_reasons", "label_answer", "label_check"
"""The prompts of the steps, by their names in `conf/prompt`."""


@dataclass(frozen=True)
class Writing:
    """The few values of the settings that a writer needs."""

    prompt: Prompt
    per_request: int
    """Examples that one request asks for."""
    seed: int = 0
    """Random number of the generation."""
    share: float = 1.0
    """Of the units, or of the pool that rounds draw from (seed_ratio)."""
    annotator: str = "none"
    label_prompt: Prompt | None = None
    """Of the second request, where the annotator is an LLM."""
    negatives: Negatives | None = None
    structured: bool = False
    """Whether prompts of the project's own ask for JSON with a schema."""
    shots: Shots | None = None
    """Labelled examples that the second request shows; `None` where it shows none."""
    rules: Rules | None = None
    """Rules of which the second request shows those that matter; `None` where there are none."""
    asking: Asking = Asking()


@dataclass(frozen=True)
class Choices:
    """The choices of the settings about a corpus; what they leave open (`None`, `default`) a writer fills in."""

    prompt: Prompt
    per_unit: int | None = None
    total: int | None = None
    share: float = 1.0
    most_units: int | None = None
    only: tuple[str, ...] = ()
    per_request: int | None = None
    annotator: str = "default"
    label_prompt: Prompt | None = None
    lexicon: str | None = None
    weighted: bool = False
    negatives: Negatives | None = None
    language: Mapping[str, Prompt] = field(default_factory=dict)
    """The usual prompts in another language than English, by their names in `conf/prompt`; empty for English."""


@dataclass(frozen=True)
class Proposal:
    """Choices that hang on gold and that the settings leave open."""

    dataset: Any
    """The dataset with the choices in it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The same as files by name, for the user to edit and to put into the config; empty where nothing is proposed."""


@dataclass(frozen=True)
class Headline:
    """The one number by which models are compared, and its place in tables."""

    name: str = "F1"
    metric: str = "test/f1"
    low: str = "test/f1_low"
    """End of its 95% interval, as `high`."""
    high: str = "test/f1_high"
    scores: Mapping[str, str] = field(
        default_factory=lambda: {"P": "test/precision", "R": "test/recall", "F1": "test/f1"}
    )
    """Metrics that every table shows, by heading, the headline among them."""
    devel: str = "devel/f1"
    """The metric by which a checkpoint is chosen: the higher, the better."""
    best: str = "devel/best_f1"
    """That of the checkpoint that was chosen."""

    plain: frozenset[str] = frozenset()
    """Metrics that are no shares, which tables show as they are; the others are in percent."""

    def scale(self, metric: str) -> int:
        """Return what a metric is multiplied by where it is shown: shares are in percent."""
        return 1 if metric in self.plain else 100

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the metrics of its tables, and the ends of its interval."""
        return (*self.scores.values(), self.low, self.high)

    def of_label(self, label: str) -> str:
        """Return the metric of one label, of a task that has several."""
        return f"test/{label}/{self.metric.removeprefix('test/')}"


@dataclass(frozen=True)
class Alike:
    """Which words are labelled as elsewhere, where a model is unsure of them."""

    scope: str | None = None
    """`document`: those that stand in the same document; `corpus`: in any text that is read together; `None`: none."""
    abbreviations: bool = False
    """Abbreviations, as their long form in the same scope is."""

    def __bool__(self) -> bool:
        return self.scope is not None or self.abbreviations
