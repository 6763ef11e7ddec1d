"""Settings of what an LLM is asked, and of what may be sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.options import AT_LEAST_1, check, option
from clinsynth.errors import ConfigError


class OnMissing(Enum):
    error = "error"
    skip = "skip"


RULES = "rules"
"""Value of `generation.identifiers`: those of the house, and nobody else."""


@dataclass
class AskingConfig:
    """The settings of every stage that asks an LLM."""

    send_gold_text: bool = option(
        MISSING, "true: gold text of a dataset that is not public may go to an LLM outside the house", keyless=True
    )
    send_identifiers: bool = option(
        False,
        "true: dates, names, telephone and record numbers in texts that are not public, as far as rules find them, may "
        "go to an LLM outside the house, too",
        keyless=True,
    )
    identifiers: str = option(
        RULES,
        "who looks for them: rules; presidio, whose patterns are looked for, too (extra presidio); or a YAML of "
        "Presidio's AnalyzerEngineProvider, which may name a language model",
        keyless=True,
    )
    cancel: bool = option(MISSING, "llm.mode=batch: cancel the batches that are at work, and ask nothing", keyless=True)
    dry_run: bool = option(MISSING, "print requests, tokens and cost, and send nothing", keyless=True)


@dataclass
class GenerationConfig(AskingConfig):
    seed: int = option(MISSING, "random number that shuffles the units before seed_ratio takes its share")
    per_request: int | None = option(None, "examples that one request asks for; null is the dataset's number")
    max_attempts: int = option(
        MISSING,
        "1 asks once; n asks up to n - 1 times more where a unit's answers hold too few usable texts",
        keyless=True,
    )
    on_missing: OnMissing = option(
        MISSING, "what lacks a completion: error, or skip (go on with what there is)", keyless=True
    )

    def __post_init__(self) -> None:
        check(self.seed >= 0, "generation.seed", self.seed, "0 or more")
        check(self.max_attempts >= 1, "generation.max_attempts", self.max_attempts, "at least 1")
        check(self.per_request is None or self.per_request >= 1, "generation.per_request", self.per_request, AT_LEAST_1)


@dataclass
class PromptConfig:
    name: str = option(MISSING, "stands in the ids of requests; `default` is the task's usual prompt")
    text: str | None = option(None, "template: $name stands for a value, $$ for a dollar sign")

    def __post_init__(self) -> None:
        check(bool(self.name) and "/" not in self.name, "prompt.name", self.name, "a name without a slash")
        if self.name == "default" and self.text is not None:
            raise ConfigError(
                "prompt.text without a name: give your prompt one as prompt.name=mine, for it stands in the ids of "
                "requests and in the tables."
            )
