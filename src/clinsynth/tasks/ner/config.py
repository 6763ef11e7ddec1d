"""What a dataset of this task says beyond the common keys, and what the option `default` of a group means."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from clinsynth.config import CorpusConfig, DatasetConfig, check, named_prompt, option
from clinsynth.errors import ConfigError

PER_UNIT = 30
"""Sentences per entity, in a request and in a corpus (Tang et al. 2023, table 6)."""

ANNOTATORS = ("seed", "gazetteer", "llm")

HOLDOUT = 0.0
COLUMNS = {"seen": "test/f1_seen", "unseen": "test/f1_unseen"}


@dataclass
class NerDataset(DatasetConfig):
    entity_type: str = option(MISSING, "the one entity type, as in the tags B-Disease, I-Disease")
    units: str | None = option(None, "a list of terms, one a line, in the place of the mentions of gold train")
    noun: str | None = option(None, "the entity type in a prompt; null is entity_type in lower case")
    guidelines: str = option("", "what counts as a mention, for annotator=llm")

    def unit_list(self) -> str | None:
        return self.units

    def needs_train(self) -> bool:
        return self.units is None

    def __post_init__(self) -> None:
        super().__post_init__()
        named = bool(self.entity_type) and not any(letter.isspace() for letter in self.entity_type)
        check(named, "dataset.entity_type", self.entity_type, "a word, as in B-Disease")


DATASET = NerDataset


def resolve(settings: CorpusConfig) -> None:
    """Fill in what the config leaves to the task; raises ConfigError for a setting that it does not have."""
    dataset = settings.dataset
    assert isinstance(dataset, NerDataset)
    if settings.size.total is not None:
        raise ConfigError(
            f"size.total={settings.size.total} is of tasks that count all examples; ner counts sentences per entity: "
            "use size=n1 ... n30, or size.per_unit=7."
        )
    check(settings.seed_ratio.value > 0, "seed_ratio.value", settings.seed_ratio.value, "above 0 for ner")
    settings.size.per_unit = settings.size.per_unit or PER_UNIT
    settings.generation.per_request = settings.generation.per_request or dataset.per_request or PER_UNIT
    if settings.prompt.name == "default":
        settings.prompt = named_prompt("sentences")
    annotator = settings.annotator
    if annotator.name == "default":
        annotator.name = "gazetteer"
    check(annotator.name in ANNOTATORS, "annotator.name", annotator.name, f"one of {', '.join(ANNOTATORS)}")
    if annotator.name == "llm" and annotator.prompt is None:
        annotator.prompt = named_prompt("mentions")
    if annotator.name != "gazetteer":
        annotator.lexicon = None
    elif annotator.lexicon is None:
        annotator.lexicon = "train" if "train" in dataset.files.given() else "units"


def labels(dataset: NerDataset) -> tuple[str, ...]:
    return ("O", f"B-{dataset.entity_type}", f"I-{dataset.entity_type}")
