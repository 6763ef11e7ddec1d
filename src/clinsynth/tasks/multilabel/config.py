"""What a dataset of this task says beyond the common keys, and what the option `default` of a group means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import CorpusConfig, DatasetConfig, check, named_prompt, option
from clinsynth.errors import ConfigError

PER_UNIT = 30
"""Texts per criterion, in a request and in a corpus."""

NONE = "none"
"""The unit of texts that meet no criterion, and how a person writes that."""

HOLDOUT = 0.1
"""The second threshold is chosen on it."""

COLUMNS = {
    "macro": "test/f1_macro",
    "AP": "test/average_precision",
    "P*": "test/precision_chosen",
    "R*": "test/recall_chosen",
    "F1*": "test/f1_chosen",
    "threshold*": "test/threshold",
}


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


DATASET = MultilabelDataset


def resolve(settings: CorpusConfig) -> None:
    """Fill in what the config leaves to the task; raises ConfigError for a setting that it does not have."""
    dataset = settings.dataset
    assert isinstance(dataset, MultilabelDataset)
    if settings.size.total is not None:
        raise ConfigError(
            f"size.total={settings.size.total} is of tasks that count all examples; multilabel counts texts per "
            "criterion: use size=n1 ... n30, or size.per_unit=40; source.ratio=0.5 adds half as many as there are gold "
            "ones."
        )
    if settings.seed_ratio.value != 1:
        raise ConfigError(
            f"seed_ratio.value={settings.seed_ratio.value}: every criterion is asked for, or the model would not learn "
            "it; units.only=[A1,A2] names some of them, source.target=A2 adds examples of one."
        )
    if settings.units.max is not None:
        raise ConfigError(f"units.max={settings.units.max}: criteria have no order; units.only=[A1,A2] names some.")
    settings.size.per_unit = settings.size.per_unit or PER_UNIT
    settings.generation.per_request = settings.generation.per_request or dataset.per_request or PER_UNIT
    if settings.prompt.name == "default":
        settings.prompt = named_prompt("behaviours")
    if settings.annotator.name == "default":
        settings.annotator.name = "none"
    check(settings.annotator.name == "none", "annotator.name", settings.annotator.name, "none: a text has its label")


def labels(dataset: MultilabelDataset) -> tuple[str, ...]:
    return tuple(dataset.labels)
