"""The material of a distillation, once its settings are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clinsynth.config import DistillConfig, ScoredBy
from clinsynth.task import Task
from clinsynth.types import Gold, Prompt


@dataclass(frozen=True)
class Material:
    """The material of a job."""

    settings: DistillConfig
    task: Task
    gold: Gold
    folder: Path
    """Of the model that it begins with."""
    run_key: str

    @property
    def prompt(self) -> Prompt:
        """Return that of the judge."""
        told = self.settings.distill.prompt
        assert told is not None, "the usual one is filled in"
        return Prompt(told.name, told.text)

    @property
    def by_llm(self) -> bool:
        """Say whether an LLM is the judge."""
        return self.settings.distill.judge is ScoredBy.llm


@dataclass(frozen=True)
class Answers:
    """The answers of the model: several to each training question, one to each test question."""

    drawn: Mapping[str, tuple[str, ...]]
    first: Mapping[str, str]
    base: Mapping[str, str]
    """Of the backbone without its adapter; empty for a whole model."""
