"""The Task protocol: which rooms a task folder has, and what they offer.

A task is found by importing `clinsynth.tasks.<name>`; a new one is one new folder with the same
modules. Rooms are imported one by one, so that reading gold data does not import torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

from clinsynth.config import CorpusConfig, PromptConfig
from clinsynth.errors import ConfigError
from clinsynth.types import (
    Brief,
    Candidate,
    Completion,
    Draft,
    Evaluation,
    Gold,
    Predictions,
    Reading,
    Rejected,
    Request,
)

if TYPE_CHECKING:  # takes seconds
    from clinsynth.inference.windows import Cut, Reader


class ConfigRoom(Protocol):
    """`config.py`: the schema of its datasets, and what the option `default` of a group means."""

    DATASET: type
    HOLDOUT: float
    """What `trainer.holdout=null` means."""
    COLUMNS: dict[str, str]
    """Metrics that its tables show beside precision, recall and F1, by heading."""

    def resolve(self, settings: CorpusConfig) -> None:
        """Fill in what the config leaves to the task; raises ConfigError for a setting that it does not have."""

    def labels(self, dataset: Any) -> tuple[str, ...]:
        """Label names in the order of the model's output."""


class GoldRoom(Protocol):
    """`gold.py`: lines to gold examples. Pure functions."""

    def read(self, text: str, *, path: Path, dataset: Any) -> list[Any]:
        """Parse one split; raises DataFormatError with file and line."""

    def describe(self, examples: Sequence[Any]) -> dict[str, int]:
        """Counts that are reported for a split."""


class SynthesisRoom(Protocol):
    """`synthesis.py`: units, requests, and examples out of completions. Pure functions."""

    VERSION: str
    ROUNDS: bool
    """Units are rounds: each is asked once, and so many of them in their order as `size.total` takes.

    Else they are a set, of which seed_ratio takes a share, and each is asked for `size.per_unit` texts.
    """

    def units(self, settings: CorpusConfig, *, gold: Gold) -> Sequence[str]:
        """All units that there are, in the order in which they are preferred."""

    def leaking(self, units: Sequence[str], *, settings: CorpusConfig, gold: Gold) -> set[str]:
        """Units whose request shows text of the test split; they are left out."""

    def request(self, unit: str, *, replicate: int, settings: CorpusConfig, gold: Gold) -> Request:
        """What the LLM is asked about a unit; whatever the size."""

    def parse(
        self, completion: Completion, *, unit: str, replicate: int, settings: CorpusConfig
    ) -> tuple[list[Draft], list[Rejected]]:
        """Texts of a completion in their order, and what is none."""

    def label_request(
        self, drafts: Sequence[Draft], *, completion: Completion, settings: CorpusConfig
    ) -> Request | None:
        """The second request, about all texts of a completion, where the annotator is an LLM."""

    def annotate(
        self, drafts: Sequence[Draft], *, settings: CorpusConfig, lexicon: Sequence[str], answer: Completion | None
    ) -> tuple[list[Candidate], list[Rejected]]:
        """Labelled texts of one completion; `answer` is that to `label_request`."""

    def brief(self, settings: CorpusConfig) -> Brief:
        """What a prompt has to ask for, for those who write new ones."""

    def propose(self, settings: CorpusConfig, *, gold: Gold) -> dict[str, str]:
        """Make the choices that hang on gold and that the config leaves open.

        Returns them as files by name, for the user to edit and to put into the config.
        """

    def contains(self, draft: Draft) -> bool:
        """Whether a text is about its unit."""

    def words(self, example: Any) -> Sequence[str]:
        """What lengths and duplicates are counted in."""

    def from_json(self, row: Mapping[str, Any]) -> Any:
        """The example of a line of a corpus."""

    def statistics(self, examples: Sequence[Any]) -> dict[str, float]:
        """What is said of a corpus beside its lengths."""


class ZeroShotRoom(Protocol):
    """`zero_shot.py`: what an LLM is asked about a test example, and what its answer says. Pure functions."""

    VERSION: str
    """Bumped when the same answers would be read or scored otherwise."""

    def question(self, example: Any, *, prompt: PromptConfig, dataset: Any) -> str:
        """The prompt with the text of an example."""

    def answer(self, example: Any) -> str:
        """The right answer in the form that is asked for, as a shot shows it."""

    def read(self, text: str, *, question: str, example: Any, dataset: Any) -> Reading:
        """What an answer says, in whichever form; never raises."""

    def evaluate(self, gold: Sequence[Any], *, readings: Sequence[Reading], dataset: Any) -> Evaluation:
        """Scores of the answers; what they name that is not there counts as false."""


class ModelRoom(Protocol):
    """`model.py`: encoding, the Lightning module, and the scores."""

    VERSION: str
    CHECKPOINTS: bool
    """Whether devel examples choose among the epochs; else the last one is kept, and `evaluate` alone sees them."""
    FineTuner: Any

    def markers(self, dataset: Any) -> dict[str, str]:
        """Words that the tokenizer keeps whole, each with one whose embedding it starts from."""

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

    def evaluate(self, test: Predictions, *, train: Sequence[Any], devel: Predictions) -> Evaluation:
        """Scores on a test set; `train` is what the model learnt from, `devel` is empty where it chose the epoch."""

    def devel_score(self, gold: Sequence[Any], *, predicted: Sequence[Any]) -> float:
        """The one number by which a checkpoint is chosen."""

    def lost(self, examples: Sequence[Any], *, encoded: Sequence[Any]) -> int:
        """Labelled units (words) that the encoding cut off."""

    def record(self, gold: Any, *, predicted: Any) -> dict[str, Any]:
        """One line of the predictions artifact."""

    def usage(self, path: Path) -> str:
        """Python lines that load the saved model, for its card."""


class ReviewRoom(Protocol):
    """`review.py`: what an annotator is asked about an example, and what the answer says. Pure functions."""

    SEVERAL: bool
    """Whether an answer may name several of `choices`."""

    def question(self, labels: Sequence[str]) -> str:
        """What is asked where the label is hidden."""

    def choices(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The answers that there are; empty where they are written freely."""

    def given(self, example: Any) -> str:
        """The label of an example as an annotator would write it."""

    def read(self, written: str, *, text: str, labels: Sequence[str]) -> str:
        """An answer as `given` writes it; raises ValueError, which says what is accepted."""

    def agrees(self, answer: str, *, given: str) -> bool:
        """Whether an answer, once read, says that the given label is right."""

    def relabelled(self, example: Any, answer: str, *, labels: Sequence[str]) -> Any:
        """The example with the label of an answer, once read."""


class InferenceRoom(Protocol):
    """`inference.py`: any text, however long, as windows for a trained model, and what its outputs say of the text."""

    def cut(self, texts: Sequence[str], *, reader: Reader) -> list[Cut]:
        """Windows of each text."""

    def probabilities(self, logits: Any) -> Any:
        """Out of the logits of a batch, tensor [windows, ..., labels]."""

    def answer(self, text: Cut, *, outputs: Sequence[Any], labels: Sequence[str]) -> dict[str, Any]:
        """`spans` (start, end, label, score, text) or `labels` (name to probability); `outputs` are of its windows."""


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


def zero_shot_room(task: str) -> ZeroShotRoom:
    return cast(ZeroShotRoom, _room(task, "zero_shot"))


def review_room(task: str) -> ReviewRoom:
    return cast(ReviewRoom, _room(task, "review"))


def inference_room(task: str) -> InferenceRoom:
    return cast(InferenceRoom, _room(task, "inference"))


def model_room(task: str) -> ModelRoom:
    return cast(ModelRoom, _room(task, "model"))
