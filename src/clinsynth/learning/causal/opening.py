"""Opens a saved chat model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from clinsynth.errors import ConfigError, Unreachable
from clinsynth.learning import saved
from clinsynth.learning.causal import answering, backbones
from clinsynth.learning.causal.answering import Messages, Speech
from clinsynth.learning.causal.templates import messages
from clinsynth.learning.encoder.backbones import BROKEN
from clinsynth.learning.encoder.fit import keep_libraries_quiet
from clinsynth.learning.learner import Opening
from clinsynth.task import Kind
from clinsynth.types import Predictions

AT_ONCE = 8
"""Questions of `clinsynth predict` that are answered together."""

PIECES = 256
"""Of an answer, at most, where nobody says otherwise."""


@dataclass(frozen=True)
class OpenedChat:
    """A model that is ready to talk."""

    task: str
    network: Any
    tokenizer: Any
    batch_size: int
    markers: tuple[str, ...] = ()
    """None: it needs none."""

    def start(self, texts: Sequence[str]) -> Callable[[], list[dict[str, Any]]]:
        """Return what gives an `answer` to each text, which is taken for a question."""
        return lambda: [{"answer": answer} for answer in self.answers([messages([text]) for text in texts])]

    def predict(self, examples: Sequence[Any]) -> Predictions:
        """Raise ConfigError: what an answer is worth a judge says, in `clinsynth distill`."""
        raise ConfigError("a model that talks has no score of its own: `clinsynth distill` has its answers judged.")

    def probabilities(self, examples: Sequence[Any]) -> list[Any]:
        """Raise ConfigError: what is written has no labels."""
        raise ConfigError("a model that writes has no labels to be sure of: it cannot be an annotator.")

    def close(self) -> None:
        """Do nothing: it has no threads."""

    def answers(
        self, asked: Sequence[Messages], *, pieces: int = PIECES, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Return what it says to each conversation."""
        return answering.answers(
            self.network,
            asked,
            tokenizer=self.tokenizer,
            pieces=pieces,
            batch_size=self.batch_size,
            temperature=temperature,
            seed=seed,
        )

    def surprise(self, turns: Sequence[str]) -> float:
        """Return the mean negative log-likelihood of a dialogue's word pieces, in nats."""
        ids = self.tokenizer.apply_chat_template(messages(turns), return_tensors="pt", return_dict=True)["input_ids"]
        ids = ids.to(self.network.device)
        with torch.inference_mode():
            return float(self.network(input_ids=ids, labels=ids).loss)

    def without_adapter(self) -> AbstractContextManager[None] | None:
        """Return a context in which the base answers alone; `None` for a whole model."""
        from peft import PeftModel

        return self.network.disable_adapter() if isinstance(self.network, PeftModel) else None

    def speech(self, asked: Messages, *, pieces: int = PIECES, temperature: float = 0.0) -> Speech:
        """Return what it says, to be read as it is written."""
        return Speech(self.network, asked, tokenizer=self.tokenizer, pieces=pieces, temperature=temperature)


def open_model(
    folder: Path,
    *,
    kinds: Mapping[str, Kind],
    how: Opening,
) -> OpenedChat:
    """Open the model of a folder; raises ConfigError for one that holds none."""
    task = saved.describe_model(folder).task
    if task is None or task not in kinds:
        raise ConfigError(f"model={folder} has learnt the task {task}, which this release does not know.")
    return open_chat(str(folder), task=task, batch_size=AT_ONCE, device=how.device, precision=how.precision)


def open_chat(path: str, *, task: str, batch_size: int, device: str, precision: str) -> OpenedChat:
    """Open a saved model, or a backbone that has learnt nothing here; raises ConfigError where there is none."""
    keep_libraries_quiet()
    try:
        tokenizer = backbones.tokenizer(path, revision=None)
        network = backbones.network(path).eval()
    except (*BROKEN, Unreachable) as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(f"model={path} holds no chat model that can be opened ({reason}).") from error
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    network = network.to(device) if half is None else network.to(device, half)
    return OpenedChat(task, network, tokenizer, batch_size)
