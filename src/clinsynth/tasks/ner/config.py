"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import DatasetConfig, check, option


@dataclass
class NerDataset(DatasetConfig):
    entity_type: str = option(MISSING, "the one entity type, as in the tags B-Disease, I-Disease")
    units: str | None = option(None, "a list of terms, one a line, in the place of the mentions of gold train")
    noun: str | None = option(None, "the entity type in a prompt; null is entity_type in lower case")
    guidelines: str = option("", "what counts as a mention, for annotator=llm")
    negatives: str | None = option(
        None, "what sentences are like that mention none, for units.negatives; the prompt says it", keyless=True
    )

    def unit_list(self) -> str | None:
        return self.units

    def negatives_line(self) -> str | None:
        return self.negatives

    def needs_train(self) -> bool:
        return self.units is None

    @property
    def called(self) -> str:
        """Return the entity type as a prompt calls it."""
        return self.noun or self.entity_type.lower()

    def __post_init__(self) -> None:
        super().__post_init__()
        named = bool(self.entity_type) and not any(letter.isspace() for letter in self.entity_type)
        check(named, "dataset.entity_type", self.entity_type, "a word, as in B-Disease")
