"""Opens a trained model: what its folder says about how it reads, and its outputs for windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    logging,
)

from clinsynth.errors import ConfigError
from clinsynth.inference.windows import Reader, Window
from clinsynth.tasks.base import InferenceRoom, inference_room

_HEADS = {
    "TokenClassification": AutoModelForTokenClassification,
    "SequenceClassification": AutoModelForSequenceClassification,
}

_BARE = 128
"""Word pieces of a window, for a model that does not say how long its texts were."""

_LEAST = 64
"""Word pieces of a window: a sentence, and some context."""

_BEHIND_PADDING = ("roberta", "camembert", "xlm-roberta", "longformer")
"""Kinds of models whose positions begin behind that of the padding."""


@dataclass(frozen=True)
class Opened:
    """A model that is ready to read."""

    task: str
    room: InferenceRoom
    reader: Reader
    outputs: Callable[[Sequence[Window]], list[NDArray[np.float32]]]
    """Probabilities of the pieces of each window [pieces, labels], or of the whole [labels]."""


def open_model(
    folder: Path,
    *,
    window: int | None,
    overlap: float,
    batch_size: int,
    device: str,
    precision: str,
) -> Opened:
    """The model of a folder.

    Raises ConfigError for a folder that holds no model, or one that neither marks nor classifies texts.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        task, head = _task(config, folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, add_prefix_space=True)
        model = head.from_pretrained(folder, local_files_only=True).eval()
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"model={folder} holds no model that can be opened ({reason}).") from error
    labels = tuple(config.id2label[number] for number in range(len(config.id2label)))
    size = _size(window, task=task, config=config)
    reader = Reader(tokenizer, labels, _markers(tokenizer), size=size, overlap=overlap)
    model = model.to(device)
    room = inference_room(task)
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)

    def outputs(windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32] | None] = [None] * len(windows)
        order = sorted(range(len(windows)), key=lambda number: -len(windows[number]))
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            padded = tokenizer.pad([windows[number].inputs for number in batch], return_tensors="pt").to(device)
            with torch.inference_mode(), torch.autocast(device, half, enabled=half is not None):
                logits = model(**padded).logits
            for number, row in zip(batch, room.probabilities(logits.float()).cpu().numpy(), strict=True):
                pieces = windows[number].pieces
                found[number] = row if pieces is None else row[list(pieces)]
        return [output for output in found if output is not None]

    return Opened(task, room, reader, outputs)


def _task(config: PretrainedConfig, folder: Path) -> tuple[str, Any]:
    """By its head, as every Hugging Face model names it."""
    name = (config.architectures or ["a model without a head"])[0]
    head = next((head for head in _HEADS if name.endswith(head)), None)
    if head is None:
        raise ConfigError(
            f"model={folder} holds {name}, which has not learnt a task: it needs one that `clinsynth train` saved, or "
            f"another whose name ends in {' or '.join(_HEADS)}."
        )
    if head == "TokenClassification":
        return "ner", _HEADS[head]
    return "multilabel" if config.problem_type == "multi_label_classification" else "relation", _HEADS[head]


def _markers(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Words such as `@GENE$` that the tokenizer was taught to keep whole."""
    return tuple(word for word in tokenizer.get_added_vocab() if word.startswith("@") and word.endswith("$"))


def _size(window: int | None, *, task: str, config: PretrainedConfig) -> int:
    """As long as the texts that the model has learnt from, which its folder tells if clinsynth has trained it.

    A model that has learnt from single sentences finds fewer entities in longer windows (NCBI disease, sentences joined
    by eight, F1: 83.2 in windows of 64 pieces, 79.0 of 192, 75.2 of 512). What is classified as a whole is best read
    as a whole.
    """
    places = int(getattr(config, "max_position_embeddings", 0) or _BARE)
    if config.model_type in _BEHIND_PADDING:
        places -= int(config.pad_token_id or 0) + 1
    if window is not None and window > places:
        raise ConfigError(f"predict.window={window} is out of range: the model has {places} positions.")
    learnt = getattr(config, "text_pieces", {"most": _BARE, "longest": places})
    return window or min(places, max(_LEAST, learnt["most" if task == "ner" else "longest"]))
