"""The Task protocol: which rooms a task folder has, and what they offer.

A task is found by importing `clinsynth.tasks.<name>`; a new one is one new folder with the same
modules. Rooms are imported one by one, so that reading gold data does not import torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from clinsynth.config import AnnotatorConfig, CorpusConfig, PromptConfig
from clinsynth.errors import ConfigError
from clinsynth.types import Candidate, Completion, Draft, Evaluation, Rejected, Request


class ConfigRoom(Protocol):
    """`config.py`: the schema of its datasets, and what the option `default` of a group means."""

    DATASET: type

    def resolve(self, settings: CorpusConfig) -> None:
        """Fill in what the config leaves to the task; raises ConfigError for a setting that it does not have."""


class GoldRoom(Protocol):
    """`gold.py`: lines to gold examples. Pure functions."""

    def read(self, text: str, *, path: Path, dataset: Any) -> list[Any]:
        """Parse one split; raises DataFormatError with file and line."""

    def describe(self, examples: Sequence[Any]) -> dict[str, int]:
        """Counts that are reported for a split."""


class SynthesisRoom(Protocol):
    """`synthesis.py`: units, requests, and examples out of completions. Pure functions."""

    VERSION: str

    def units(self, train: Sequence[Any]) -> list[str]:
        """Units of gold training examples, the most frequent first."""

    def request(self, unit: str, *, replicate: int, dataset: Any, prompt: PromptConfig, per_request: int) -> Request:
        """What the LLM is asked about a unit; depends on nothing else."""

    def parse(self, completion: Completion, *, unit: str, replicate: int) -> tuple[list[Draft], list[Rejected]]:
        """Texts of a completion in their order, and what is none."""

    def label_request(
        self, drafts: Sequence[Draft], *, completion: Completion, dataset: Any, annotator: AnnotatorConfig
    ) -> Request | None:
        """The second request, about all texts of a completion, where the annotator is an LLM."""

    def annotate(
        self,
        drafts: Sequence[Draft],
        *,
        dataset: Any,
        annotator: AnnotatorConfig,
        lexicon: Sequence[str],
        answer: Completion | None,
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Labelled texts of one completion; `answer` is that to `label_request`."""

    def contains(self, draft: Draft) -> bool:
        """Whether a text is about its unit."""

    def words(self, example: Any) -> Sequence[str]:
        """What lengths and duplicates are counted in."""

    def from_json(self, row: Mapping[str, Any]) -> Any:
        """The example of a line of a corpus."""

    def statistics(self, examples: Sequence[Any]) -> dict[str, float]:
        """What is said of a corpus beside its lengths."""


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


def config_room(task: str) -> ConfigRoom:
    return cast(ConfigRoom, _room(task, "config"))


def synthesis_room(task: str) -> SynthesisRoom:
    return cast(SynthesisRoom, _room(task, "synthesis"))


def gold_room(task: str) -> GoldRoom:
    return cast(GoldRoom, _room(task, "gold"))


def model_room(task: str) -> ModelRoom:
    return cast(ModelRoom, _room(task, "model"))
