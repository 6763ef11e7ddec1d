"""Settings of the units that a corpus is about, and of texts that hold nothing of what is learnt."""

from __future__ import annotations

from dataclasses import dataclass

from clinsynth.config.asking import PromptConfig
from clinsynth.config.options import AT_LEAST_1, check, option

DEVEL = "devel"
"""The split of gold that `units.errors_on` looks at."""


@dataclass
class UnitsConfig:
    max: int | None = option(None, "only the first so many units, the most frequent ones; null is all")
    only: list[str] = option([], "only these units")
    from_errors: str | None = option(
        None, "those that a trained model (run or folder) gets wrong in units.errors_on, never in test", before=None
    )
    errors_on: str = option(
        DEVEL,
        "what it is tried on: devel (of gold), or a corpus that people have reviewed (digest, latest)",
        before=DEVEL,
    )
    negatives: float = option(
        0.0,
        "ner: this share of the corpus are sentences without a mention, asked for beside those of the units",
        before=0.0,
    )

    def __post_init__(self) -> None:
        check(self.max is None or self.max >= 1, "units.max", self.max, AT_LEAST_1)
        used = self.from_errors is not None or self.errors_on == DEVEL
        check(used, "units.errors_on", self.errors_on, f"{DEVEL} without units.from_errors, the model that is tried")
        check(0 <= self.negatives < 1, "units.negatives", self.negatives, "0 or more, and below 1")


@dataclass
class NegativesConfig:
    """In keys where `units.negatives` asks for some, and not elsewhere."""

    per_request: int = option(40, "sentences without a mention that one request asks for")
    prompt: PromptConfig | None = option(
        None, "of these requests; null is the prompt `negatives`, of terms `hard_negatives`"
    )
    terms: str | None = option(
        None, "a list or an ontology of what is easily taken for a mention and is none: a term a sentence", before=None
    )
    below: str | None = option(None, "of an ontology: the id or name of the concept whose subtree counts", before=None)
    synonyms: bool = option(True, "of an ontology: synonyms are terms, too, behind all names", before=True)

    def __post_init__(self) -> None:
        check(self.per_request >= 1, "negatives.per_request", self.per_request, "at least 1")
        named = self.terms is not None or self.below is None
        check(named, "negatives.below", self.below, "null without negatives.terms=hp.obo, the ontology that it is of")
