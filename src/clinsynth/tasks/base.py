"""The Task protocol: which rooms a task folder has, and what they offer.

A task is found by importing `clinsynth.tasks.<name>`; a new one is one new folder with the same
modules. Rooms are imported one by one, so that reading gold data does not import torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from clinsynth.errors import ConfigError
from clinsynth.types import Evaluation


class GoldRoom(Protocol):
    """`gold.py`: lines to gold examples. Pure functions."""

    def read(self, text: str, *, path: Path, dataset: Any) -> list[Any]:
        """Parse one split; raises DataFormatError with file and line."""

    def describe(self, examples: Sequence[Any]) -> dict[str, int]:
        """Counts that are reported for a split."""


class ModelRoom(Protocol):
    """`model.py`: encoding, the Lightning module, and the scores."""

    VERSION: str
    FineTuner: Any

    def labels(self, dataset: Any) -> tuple[str, ...]:
        """Label names in the order of the model's output."""

    def build(self, path: str, *, labels: Sequence[str], **options: Any) -> Any:
        """The backbone with a fresh head for these labels."""

    def encode(self, examples: Sequence[Any], *, tokenizer: Any, labels: Sequence[str], max_length: int) -> list[Any]:
        """Model inputs, one a example."""

    def collator(self, tokenizer: Any) -> Any:
        """Callable that pads a list of inputs into a batch of tensors."""

    def predictions(
        self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Sequence[str]
    ) -> list[Any]:
        """Predicted examples out of the probabilities of `FineTuner`, aligned with `examples`."""

    def evaluate(self, gold: Sequence[Any], *, predicted: Sequence[Any], train: Sequence[Any]) -> Evaluation:
        """Scores on a test set; `train` is what the model was trained on."""

    def devel_score(self, gold: Sequence[Any], *, predicted: Sequence[Any]) -> float:
        """The one number by which a checkpoint is chosen."""

    def lost(self, examples: Sequence[Any], *, encoded: Sequence[Any]) -> int:
        """Labelled units (words) that the encoding cut off."""

    def record(self, gold: Any, *, predicted: Any) -> dict[str, Any]:
        """One line of the predictions artifact."""

    def usage(self, path: Path) -> str:
        """Python lines that load the saved model, for its card."""


def _room(task: str, room: str) -> Any:
    if task not in names():
        raise ConfigError(f"dataset.task={task} is not a task. Tasks: {', '.join(names())}.")
    return import_module(f"clinsynth.tasks.{task}.{room}")


def names() -> list[str]:
    """Tasks that there are: the folders beside this module."""
    return sorted(module.name for module in iter_modules([str(Path(__file__).parent)]) if module.ispkg)


def gold_room(task: str) -> GoldRoom:
    return cast(GoldRoom, _room(task, "gold"))


def model_room(task: str) -> ModelRoom:
    return cast(ModelRoom, _room(task, "model"))
