"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from clinsynth.config import DatasetConfig, check, option


class Written(Enum):
    whole = "whole"
    in_turns = "in_turns"


@dataclass
class ChatDataset(DatasetConfig):
    topic: str = option("health", "prompts: what the questions are about")
    style: str = option(
        "The assistant answers in full sentences and in detail, and says when a doctor has to be seen",
        "prompts: how the assistant talks",
    )
    turns: int = option(3, "prompts: so many questions of the human in a dialogue, about")
    written: Written = option(
        Written.whole,
        "whole: one request writes a dialogue; in_turns: human and assistant take turns, a request each",
        before=Written.whole,
    )
    min_words: int = option(20, "quality: reject shorter dialogues")
    max_words: int = option(2000, "quality: reject longer dialogues")

    def needs_train(self) -> bool:
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.turns >= 1, "dataset.turns", self.turns, "at least 1")
        check(0 <= self.min_words <= self.max_words, "dataset.min_words", self.min_words, "0 to dataset.max_words")
