"""Where completions come from. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clinsynth.config import DatasetConfig, LLMConfig
from clinsynth.datasets import resolve
from clinsynth.errors import ConfigError
from clinsynth.llm.recorded import RecordedLLM
from clinsynth.types import Completion, Request


class LLM(Protocol):
    limited: bool
    """True where no more completions than there are can be had: the units are then those that it has answered."""

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        """Completions that exist already, by the id of their request; asks nobody and pays nothing."""

    def explain(self, missing: Sequence[Request]) -> str:
        """Why `find` has no answer to these, in a sentence."""


def open_llm(llm: LLMConfig, *, dataset: DatasetConfig) -> LLM:
    if llm.name != "recorded":
        raise ConfigError(f"llm.name={llm.name} is not an LLM that can be used. LLMs: recorded.")
    return RecordedLLM([resolve(name) for name in llm.recordings or dataset.recordings])
