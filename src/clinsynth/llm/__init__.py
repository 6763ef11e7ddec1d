"""Where completions come from. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from clinsynth.config import DatasetConfig, LLMConfig
from clinsynth.datasets import resolve
from clinsynth.llm.recorded import RecordedLLM
from clinsynth.types import Completion, Request

RECORDED = "recorded"


class LLM(Protocol):
    limited: bool
    """True where no more completions than there are can be had: the units are then those that it has answered."""

    def find(self, requests: Sequence[Request]) -> dict[str, Completion]:
        """Completions that exist already, by the id of their request; asks nobody and pays nothing."""

    def explain(self, missing: Sequence[Request]) -> str:
        """Why `find` has no answer to these, in a sentence."""


def open_llm(llm: LLMConfig, *, dataset: DatasetConfig, artifacts: Path) -> LLM:
    if llm.name == RECORDED:
        return RecordedLLM([resolve(name) for name in llm.recordings or dataset.recordings])
    from clinsynth.llm.live import CachedLLM

    return CachedLLM(llm, path=cache_path(artifacts))


def cache_path(artifacts: Path) -> Path:
    return artifacts / "completions.db"
