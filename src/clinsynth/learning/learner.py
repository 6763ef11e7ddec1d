"""Learners: one fits a model to a task, saves it, and opens it again to read texts of any length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from clinsynth.config import BackboneConfig, TrainerConfig
from clinsynth.learning.sets import TrainingSet
from clinsynth.task import Kind, Task
from clinsynth.types import Predictions

KEPT = 0.994
"""Share of a model's score that int8 has to keep (of F1, what others lose of it on CPUs)."""

Measured = list[tuple[str, float, int]]
"""Metric name, value, step."""


@dataclass(frozen=True)
class Fitted:
    """The result of a training."""

    texts: int
    """That were learnt from, each as often as there were passes."""
    devel_score: float | None
    """The score of the checkpoint that was chosen, where there was one to choose."""


class Student(Protocol):
    """A model that learns one training set of a task."""

    @property
    def lost(self) -> int:
        """Return how many labelled units (words) of the training examples are cut off."""

    @property
    def checkpoints(self) -> bool:
        """Say whether devel examples choose among the passes; else the judge alone sees them."""

    def fit(self, *, report: Callable[[Measured], None], resume: Path | None = None) -> Fitted:
        """Train; `report` gets what was measured, once a pass.

        `resume` is a folder for what training goes on from after it was killed, where a learner leaves it.
        """

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Return what the trained model makes of gold examples, in their order."""

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Return how sure it is of each example's labels, array [words, labels], or [1, labels] of a whole text.

        Raises ConfigError where a task has no such.
        """

    def lost_of(self, examples: Sequence[Any]) -> int:
        """Return how many labelled units (words) of examples are cut off."""

    def save(self, folder: Path) -> None:
        """Write the model into a folder, which names its learner, task and labels (`learning.saved`)."""

    def usage(self, folder: Path) -> str:
        """Return Python lines that load the saved model, for its card."""


@runtime_checkable
class Rereading(Protocol):
    """A student that can read in more than one way with the same weights."""

    def adopt(self, folder: Path) -> None:
        """Take, in the place of training, the weights of a saved model that has learnt the same."""


@dataclass(frozen=True)
class Opening:
    """How a saved model is opened."""

    window: int | None = None
    """Word pieces of a window, at most; `None` is what the model learnt."""
    overlap: float = 0.0
    """The share of a window that stands in the next one, too."""
    batch_tokens: int | None = None
    """Word pieces of a batch, at most; `None` is what suits the device."""
    workers: int = 1
    """Batches at once."""
    device: str = "cpu"
    """cpu, cuda, mps."""
    precision: str = "32-true"


class Opened(Protocol):
    """A saved model that is ready to read."""

    @property
    def task(self) -> str:
        """Return its task's name."""

    @property
    def markers(self) -> tuple[str, ...]:
        """Return the words that each of its texts has once; empty for a model that needs none."""

    def start(self, texts: Sequence[str]) -> Callable[[], list[dict[str, Any]]]:
        """Begin to read, and return what waits for it.

        That returns what it says of each text: `spans`, `labels` or an `answer`, and `error` where it cannot read one.
        """

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Return what it makes of gold examples, in their order."""

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Return how sure it is of each example's labels; see `Student.probabilities`."""

    def close(self) -> None:
        """End its threads; what was begun and not yet read stays unread."""


class Learner(Protocol):
    """A way to learn; the folder `learning/<name>/` has one."""

    def identity(self, backbone: BackboneConfig) -> dict[str, str | None]:
        """Return what names the weights of a backbone: hub name and revision, or the content of a folder's files."""

    def version(self, task: Task, *, backbone: BackboneConfig) -> str:
        """Return what is bumped when the same data and settings would give another model.

        Raises ConfigError for a head that the task does not have.
        """

    def student(
        self, task: Task, *, arm: TrainingSet, backbone: BackboneConfig, trainer: TrainerConfig, seed: int
    ) -> Student:
        """Return a model that is ready to learn; seeds everything. Raises Unreachable where there is no backbone."""

    def passes(self, examples: int, *, backbone: BackboneConfig, trainer: TrainerConfig) -> int:
        """Return how often training passes over so many examples."""

    def open_model(
        self,
        folder: Path,
        *,
        kinds: Mapping[str, Kind],
        how: Opening,
    ) -> Opened:
        """Open a saved model of one of the tasks `kinds`; raises ConfigError for a folder that holds none."""

    def export(
        self,
        folder: Path,
        to: Path,
        *,
        kinds: Mapping[str, Kind],
        format: str,
        precision: str,
        examples: Sequence[Any],
        share: Callable[[Path], float],
    ) -> str:
        """Write a saved model for another runtime into the folder `to`, quantized by `examples` of its training data.

        `share` says which share of the model's score a folder keeps; of several ways the first one that keeps `KEPT` is
        taken, or the best. Return its name, empty where nothing is quantized. Raises ConfigError where a library is
        missing, or for a model that was exported already.
        """
