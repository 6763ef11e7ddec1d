"""The config of the stages that are about chat models: distill, chat, serve."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from omegaconf import MISSING

from clinsynth.config.asking import AskingConfig, PromptConfig
from clinsynth.config.corpus import DatasetConfig
from clinsynth.config.llm import LLMConfig
from clinsynth.config.options import check, option
from clinsynth.config.places import PathsConfig, TrackingConfig
from clinsynth.config.training import BackboneConfig, TrainerConfig


class ScoredBy(Enum):
    llm = "llm"
    reference = "reference"


class Objective(Enum):
    best = "best"
    dpo = "dpo"


@dataclass
class FeedbackConfig:
    """How a model's answers are drawn and scored, and what is learnt of it."""

    answers: int = option(MISSING, "so many answers of the model to each question")
    pieces: int = option(MISSING, "word pieces of an answer, at most")
    temperature: float = option(MISSING, "of the answers that are drawn; those to test questions are not")
    seed: int = option(MISSING, "random number for the answers, and for the order in which the judge sees them")
    judge: ScoredBy = option(
        MISSING, "who scores answers: llm, or reference (likeness to the gold answers, ROUGE-L: asks nobody)"
    )
    objective: Objective = option(
        MISSING, "best: the best answer becomes a training row; dpo: it is preferred to the worst one"
    )
    prompt: PromptConfig | None = option(None, "for judge=llm; null is the prompt `judge_answers`")

    def __post_init__(self) -> None:
        check(2 <= self.answers <= 26, "distill.answers", self.answers, "2 to 26")
        check(1 <= self.pieces <= 8192, "distill.pieces", self.pieces, "1 to 8192")
        check(self.temperature > 0, "distill.temperature", self.temperature, "above 0, or all answers would be alike")
        check(self.seed >= 0, "distill.seed", self.seed, "0 or more")


@dataclass
class AnswerJudgeConfig:
    """Who scores the answers of a chat model that was trained."""

    by: ScoredBy | None = option(
        None,
        "chat: who scores the answers to test questions: llm (is asked, and paid for), or reference (likeness to the "
        "gold answers, ROUGE-L: asks nobody); null is nobody",
    )
    prompt: PromptConfig | None = option(None, "for llm; null is the prompt `judge_answers`")


@dataclass
class DistillConfig:
    """Self-distillation with feedback: a chat model answers, a judge scores, a new adapter learns from the best."""

    model: str = option(MISSING, "folder of a chat model, the MLflow run that trained it, or latest")
    dataset: DatasetConfig = MISSING
    distill: FeedbackConfig = MISSING
    backbone: BackboneConfig = MISSING
    trainer: TrainerConfig = MISSING
    generation: AskingConfig = MISSING
    llm: LLMConfig = MISSING
    seed: int = option(0, "random number for the new adapter and the order of batches")
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING
    force: bool = option(False, "distill again although a finished run has this job")

    def __post_init__(self) -> None:
        check(self.seed >= 0, "seed", self.seed, "0 or more")


@dataclass
class TalkingConfig:
    """How a chat model talks."""

    pieces: int = option(MISSING, "word pieces of an answer, at most")
    temperature: float = option(MISSING, "0: always the likeliest piece; higher values vary answers")
    accelerator: str = option(MISSING, "auto (a GPU where there is one), cpu, gpu, mps")
    precision: str = option(MISSING, "auto, 32-true, bf16-mixed")

    def __post_init__(self) -> None:
        check(1 <= self.pieces <= 8192, "talk.pieces", self.pieces, "1 to 8192")
        check(0 <= self.temperature <= 2, "talk.temperature", self.temperature, "0 to 2")


@dataclass
class ChatConfig:
    """Talk to a chat model in the terminal; nothing is kept unless you say so."""

    model: str = option(MISSING, "folder of a chat model, the MLflow run that trained it, or latest")
    keep: str | None = option(None, "JSON lines to which conversations are added; null keeps nothing")
    private: bool = option(
        False, "true: a connection to another machine is an error, whichever library opens it", keyless=True
    )
    talk: TalkingConfig = MISSING
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING


@dataclass
class ServeConfig:
    """Let a chat model answer OpenAI's protocol, and a page, on this machine alone."""

    model: str = option(MISSING, "folder of a chat model, the MLflow run that trained it, or latest")
    port: int = option(MISSING, "of the address 127.0.0.1; 0 takes any that is free")
    private: bool = option(
        False, "true: a connection to another machine is an error, whichever library opens it", keyless=True
    )
    talk: TalkingConfig = MISSING
    tracking: TrackingConfig = MISSING
    paths: PathsConfig = MISSING

    def __post_init__(self) -> None:
        check(0 <= self.port <= 65535, "port", self.port, "0 to 65535")
