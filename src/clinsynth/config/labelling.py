"""Settings of how an LLM is asked for labels, and of texts that are there already."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from clinsynth.config.options import AT_LEAST_1, check, option

DRAW, NEAREST = "draw", "nearest"
"""Where shots come from, beside a file of row numbers."""

TRAIN = "train"
"""The texts of gold train, whose labels are not used."""


@dataclass
class LabelAskingConfig:
    """How `annotator=llm` asks for labels; a part of the annotator's settings."""

    shots: int = option(
        0, "llm: labelled rows of gold train that each request shows; they count as labels that were spent", before=0
    )
    shots_from: str | None = option(
        None,
        "which rows: draw (always the same ones), nearest (by embedding, to the texts of each request), or a file of "
        "row numbers from 0, whose first ones are taken; null: dataset.shots, else draw",
        before=None,
    )
    passes: int = option(
        1, "llm: how often each text is labelled; what most answers say is kept, with its share of the votes", before=1
    )
    steps: int = option(1, "llm: 2 asks for reasons first, and for the labels in a second request", before=1)
    verify: bool = option(False, "llm: shows the LLM its own labels, and asks what is missing or wrong", before=False)
    guidelines: str | None = option(
        None,
        "llm: a Markdown file of rules, cut at its headings; those that are nearest to the texts of a request stand in "
        "it, behind dataset.guidelines",
        before=None,
    )
    rules: int = option(3, "llm: how many sections of the guidelines a request shows", before=3)

    def __post_init__(self) -> None:
        check(self.shots >= 0, "annotator.shots", self.shots, "0 or more")
        check(self.passes >= 1, "annotator.passes", self.passes, "at least 1")
        check(self.steps in (1, 2), "annotator.steps", self.steps, "1 or 2")
        check(self.rules >= 1, "annotator.rules", self.rules, "at least 1")

    @property
    def is_usual(self) -> bool:
        """Return whether each text is asked about once and for all, without examples."""
        return not (self.shots or self.passes > 1 or self.steps > 1 or self.verify or self.guidelines)


class Material(Enum):
    written = "written"
    texts = "texts"


class Pick(Enum):
    random = "random"
    novel = "novel"
    uncertain = "uncertain"


@dataclass
class TextsConfig:
    """The texts that are labelled; in keys with `material=texts`, and not elsewhere."""

    path: str = option(
        TRAIN,
        "train (the texts of gold train, whose labels are not used), or a file or folder of yours: .txt, or any format "
        "of annotated text, whose labels are not used",
    )
    column: str = option("text", "of tables and JSON lines, the column with the text")
    rows: str | None = option(
        None,
        "a file with numbers of texts, from 0: these alone, in this order, and no draw; null, for path=train "
        "where neither a number nor a pick is given: dataset.texts",
    )
    number: int | None = option(None, "so many texts; null is all")
    pick: Pick = option(
        Pick.random,
        "which: random, novel (each as far as may be from those before it, by embedding), or uncertain (of which "
        "texts.model is least sure)",
    )
    model: str | None = option(None, "of pick=uncertain: a trained model, by its folder or run")
    public: bool = option(False, "true: anybody may see the texts of path=...; else as gold text", keyless=True)

    def __post_init__(self) -> None:
        check(self.number is None or self.number >= 1, "texts.number", self.number, AT_LEAST_1)
        needs = (self.pick is Pick.uncertain) == (self.model is not None)
        check(needs, "texts.model", self.model, "a trained model with texts.pick=uncertain, and null without it")
        check(not (self.rows and self.number), "texts.number", self.number, "null with texts.rows")
        ordered = self.rows is None or self.pick is Pick.random
        check(ordered, "texts.pick", self.pick.value, "random with texts.rows, whose order counts")
