"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clinsynth.config import LANGUAGE, DatasetConfig, UnitList, check, option
from clinsynth.errors import ConfigError

PUBMED = "PubMed journal articles"
SENTENCES, WINDOWS = "sentences", "windows"
ERROR, IGNORE = "error", "ignore"


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
    units: Any = option(
        None,
        "a list of terms, one a line, in the place of the mentions of gold train; of several types term<TAB>type, or a "
        "list for each: {Problem: problems.txt, Test: tests.txt}",
    )
    units_below: str | None = option(
        None, "of an ontology (.obo, MeSH's .bin, a table with broader terms): the id or name of a concept", before=None
    )
    units_synonyms: bool = option(True, "of an ontology: synonyms are terms, too, behind all names", before=True)
    noun: str | None = option(None, "the entity type in a prompt; null is entity_type in lower case")
    guidelines: str = option("", "what counts as a mention, for annotator=llm")
    negatives: str | None = option(
        None, "what sentences are like that mention none, for units.negatives; the prompt says it", keyless=True
    )
    language: str | None = option(None, LANGUAGE, before=(None, "en"))
    documents: str | None = option(
        None,
        "how texts with offsets are cut: sentences, or windows (of backbone.max_length, that overlap); null: sentences",
        before=None,
    )
    other_types: str = option(
        ERROR, "mentions of types that are not declared: error, or ignore (they are left out)", before=ERROR
    )
    overlapping: str = option(
        "keep", "mentions that overlap: keep (backbone.head=token learns the longest of them), or error", before="keep"
    )
    style: str = option(PUBMED, "what texts are like, for prompts that say $style", before=PUBMED)

    def unit_lists(self) -> list[UnitList]:
        told = (self.units_below, self.units_synonyms)
        if isinstance(self.units, dict):
            return [UnitList(str(path), (name,), *told) for name, path in self.units.items()]
        return [UnitList(self.units, self.term_types(), *told)] if self.units else []

    def term_types(self) -> tuple[str, ...]:
        return tuple(self.types) if len(self.types) > 1 else ()

    def negatives_line(self) -> str | None:
        """Return the dataset's own line, else those of its types together."""
        said = (kind.negatives for kind in self.types.values() if kind.negatives)
        return self.negatives or " ".join(said) or None

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
    def meanings(self) -> dict[str, str]:
        """Return what counts as each of several types, for those who judge examples; empty where there is but one."""
        told = {name: kind.guidelines or self.noun_of(name) for name, kind in self.types.items()}
        return told if len(told) > 1 else {}

    def noun_of(self, name: str) -> str:
        """Return a type as a prompt calls it."""
        return self.types[name].noun or name.lower()

    @property
    def called(self) -> str:
        """Return what is looked for as a prompt calls it: `problem, treatment or test`."""
        *others, last = map(self.noun_of, self.types)
        return f"{', '.join(others)} or {last}" if others else last

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
        self._check_names()
        for key, accepted in (
            ("documents", (None, SENTENCES, WINDOWS)),
            ("other_types", (ERROR, IGNORE)),
            ("overlapping", ("keep", ERROR)),
        ):
            said = ", ".join(name or "null" for name in accepted)
            check(getattr(self, key) in accepted, f"dataset.{key}", getattr(self, key), f"one of {said}")

    def _check_names(self) -> None:
        """Raise ConfigError for lists of terms of other types, and names in which units could not be parted."""
        if len(self.types) > 1:
            for name in self.types:
                check(":" not in name, "dataset.entity_types", name, "a name without a colon: units are Type:term")
        lists = self.units if isinstance(self.units, dict) else {}
        unknown = [name for name in lists if name not in self.types]
        if unknown or not isinstance(self.units, dict | str | None):
            raise ConfigError(
                f"dataset.units={self.units}: it is a file, or one for each of {', '.join(self.types)}, as in "
                "{Problem: problems.txt, Test: tests.txt}."
            )


def listed_types(dataset: NerDataset) -> str:
    """Return the types as a prompt lists them, a line each: `- Problem (medical problem): what counts`."""
    lines = []
    for name, kind in dataset.types.items():
        noun = dataset.noun_of(name)
        said = name if noun.casefold() == name.casefold() else f"{name} ({noun})"
        lines.append(f"- {said}: {kind.guidelines}" if kind.guidelines else f"- {said}")
    return "\n".join([*lines, dataset.guidelines] if dataset.guidelines and len(lines) > 1 else lines)


def _is_word(name: str | None) -> bool:
    return bool(name) and not any(letter.isspace() for letter in name or "")
