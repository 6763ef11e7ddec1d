"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import DatasetConfig, check, option

NONE = "none"
"""The unit of texts that meet no criterion, and how a person writes that."""

HOLDOUT = 0.1
"""The share of examples on which the second threshold is chosen."""


@dataclass
class MultilabelDataset(DatasetConfig):
    labels: dict[str, str] = option(MISSING, "criteria by name, with what they mean, as a prompt says it")
    voice: str = option(MISSING, "prompts: who writes such texts, and where")
    criterion: str = option(MISSING, "prompts: what texts of $label ($meaning) do")
    none: str | None = option(None, "prompts: what texts do that meet no criterion; null asks for none of them")

    def needs_train(self) -> bool:
        return False

    def units(self) -> list[str]:
        return [*self.labels, *([NONE] if self.none else [])]

    def __post_init__(self) -> None:
        super().__post_init__()
        check(bool(self.labels), "dataset.labels", self.labels, "at least one label with its meaning")
        for label in self.labels:
            good = re.fullmatch(r"\w(?:[\w. -]*\w)?", label) is not None and label.casefold() != NONE
            check(good, "dataset.labels", label, f"letters, digits, spaces and . - _ in a name, which is not {NONE!r}")
