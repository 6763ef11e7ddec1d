"""How an encoder learns a task, and how a trained one reads texts of any length for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # takes seconds
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Reader:
    """How a model reads."""

    tokenizer: PreTrainedTokenizerBase
    labels: tuple[str, ...]
    """Names in the order of its outputs."""
    markers: tuple[str, ...]
    """Words that each of its texts has once; empty for a model that needs none."""
    size: int
    """Word pieces of a window, with the special ones."""
    overlap: float
    """Share of a window that it has in common with the next one."""
    sentences: str | None = None
    """The language by whose rules a text is cut into sentences first; `None`: it is read as it goes on."""

    @property
    def room(self) -> int:
        """Pieces of text in a window."""
        return self.size - int(self.tokenizer.num_special_tokens_to_add())


@dataclass(frozen=True)
class Window:
    """A part of a text, as model inputs."""

    inputs: dict[str, list[int]]
    pieces: tuple[int, ...] | None = None
    """Places whose outputs count; None where there is one output for all of it."""

    def __len__(self) -> int:
        return len(self.inputs["input_ids"])


@dataclass(frozen=True)
class Cut:
    """A text in windows."""

    text: str
    windows: tuple[Window, ...]
    """None for a text without words."""
    places: tuple[tuple[int, int], ...] = ()
    """Of each piece that counts, window by window: the characters `start` to `end` of its word in `text`."""
    error: str = ""
    """Why the model cannot read the text."""
    sentences: tuple[int, ...] = ()
    """How many of the places are of each of its sentences; empty where it is not cut into some."""


class EncoderModel(Protocol):
    """How an encoder learns the task: inputs, head, outputs. Imports torch."""

    CHECKPOINTS: bool
    """Whether devel examples choose among the epochs; else the last one is kept, and the judge alone sees them."""
    FineTuner: Any
    Auto: Any
    """The class of transformers that opens a saved model."""

    def recognises(self, config: Any) -> bool:
        """Say whether a saved model of the first edition, which does not name its task, is one of this task."""

    def build(self, path: str, *, labels: Sequence[str], **options: Any) -> Any:
        """Return the backbone with a fresh head for these labels."""

    def encode(self, examples: Sequence[Any], *, tokenizer: Any, labels: Sequence[str], max_length: int) -> list[Any]:
        """Return model inputs, one a example."""

    def collator(self, tokenizer: Any) -> Any:
        """Return a callable that pads a list of inputs into a batch of tensors."""

    def predictions(
        self, examples: Sequence[Any], *, encoded: Sequence[Any], outputs: Sequence[Any], labels: Sequence[str]
    ) -> list[Any]:
        """Return predicted examples out of the probabilities of `FineTuner`, aligned with `examples`."""

    def lost(self, examples: Sequence[Any], *, encoded: Sequence[Any]) -> int:
        """Return how many labelled units (words) the encoding cut off."""

    def usage(self, path: Path) -> str:
        """Return Python lines that load the saved model, for its card."""


class EncoderReading(Protocol):
    """How a trained encoder reads any text, however long. Imports torch."""

    WHOLE: bool
    """Whether a text is best read as a whole: windows are as long as the longest text that the model has learnt from;
    else as most of them."""

    def cut(self, texts: Sequence[str], *, reader: Reader) -> list[Cut]:
        """Return the windows of each text."""

    def probabilities(self, logits: Any) -> Any:
        """Return those of the logits of a batch, tensor [windows, ..., labels]."""

    def answer(self, text: Cut, *, outputs: Sequence[Any], labels: Sequence[str]) -> dict[str, Any]:
        """Return `spans` (start, end, label, score, text) or `labels` (name to probability) out of those of its
        windows."""
