"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

from dataclasses import dataclass

from clinsynth.config import DatasetConfig, check, option
from clinsynth.errors import ConfigError


@dataclass
class EntityType:
    """One of the entity types of a dataset."""

    noun: str | None = option(None, "the entity type in a prompt; null is its name in lower case")
    guidelines: str = option("", "what counts as a mention, for annotator=llm")
    negatives: str | None = option(None, "what sentences are like that mention none, for units.negatives", keyless=True)


@dataclass
class NerDataset(DatasetConfig):
    entity_type: str | None = option(None, "the one entity type, as in the tags B-Disease, I-Disease")
    entity_types: dict[str, EntityType] = option(
        {}, "several in the place of the one, by name: {Problem: {noun: medical problem}, Test: {}}", before={}
    )
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
    def types(self) -> dict[str, EntityType]:
        """Return the entity types by name, in the order in which they are declared."""
        if self.entity_types:
            return dict(self.entity_types)
        assert self.entity_type is not None
        return {self.entity_type: EntityType(self.noun, self.guidelines, self.negatives)}

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the tags of words, in the order of a model's output."""
        return ("O", *(f"{kind}-{name}" for name in self.types for kind in "BI"))

    @property
    def only_type(self) -> str:
        """Return the one entity type, where there is one alone."""
        (name,) = self.types
        return name

    @property
    def called(self) -> str:
        """Return the one entity type as a prompt calls it."""
        return self.types[self.only_type].noun or self.only_type.lower()

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.entity_type is None) is not bool(self.entity_types):
            raise ConfigError(
                f"dataset {self.name} has to say what its entities are: dataset.entity_type=Disease for one type, or "
                "entity_types: {Problem: {noun: medical problem}, Treatment: {}} in its YAML for several, not both."
            )
        for key, names in (("dataset.entity_type", [self.entity_type]), ("dataset.entity_types", self.entity_types)):
            for name in filter(lambda name: name is not None, names):
                check(_is_word(name), key, name, "a word, as in B-Disease")


def _is_word(name: str | None) -> bool:
    return bool(name) and not any(letter.isspace() for letter in name or "")
