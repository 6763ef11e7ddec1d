"""The schema of a dataset of this task, beyond the common keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from omegaconf import MISSING

from clinsynth.config import DatasetConfig, check, option
from clinsynth.tasks.markers import is_marker

_NAME = re.compile(r"\w(?:[\w.: -]*\w)?")


class Balance(Enum):
    train = "train"
    equal = "equal"


@dataclass
class ClassesDataset(DatasetConfig):
    classes: dict[str, str] = option(MISSING, "classes by name, with what they mean, as a prompt says it")
    markers: list[str] = option([], "words such as @DRUG1$, each of which every text has once; empty for plain texts")
    masked: list[str] = option(
        [],
        "of files with mentions: the type that each marker stands for; a text is a sentence with such a one, or a pair",
    )
    negative: str | None = option(
        None, "the class of texts that hold nothing of what is looked for; test/f1 is that of the others"
    )
    balance: Balance = option(
        Balance.train, "synthetic texts of each class: train, in the proportions of gold train; equal, as many of each"
    )
    mix: dict[str, int] | None = option(
        None, "proportions of your own (effect: 2, none: 5), in the place of balance; null is what balance says"
    )
    shown: int = option(3, "rows of its class in gold train that a request shows; 0 tells the meaning alone")
    voice: str = option("as a clinical note or a medical article would have them", "prompts: who writes such texts")

    def needs_train(self) -> bool:
        return False

    def __post_init__(self) -> None:
        super().__post_init__()
        check(len(self.classes) > 1, "dataset.classes", self.classes, "at least two classes, each with its meaning")
        for name in self.classes:
            check(_NAME.fullmatch(name) is not None, "dataset.classes", name, "letters, digits, spaces and . : - _")
        folded = {name.casefold() for name in self.classes}
        check(
            len(folded) == len(self.classes), "dataset.classes", [*self.classes], "names that differ in more than case"
        )
        known = self.negative is None or self.negative in self.classes
        check(known, "dataset.negative", self.negative, f"null or one of {', '.join(self.classes)}")
        good = len(set(self.markers)) == len(self.markers) and all(map(is_marker, self.markers))
        check(good, "dataset.markers", self.markers, "different words such as @DRUG1$ and @DRUG2$, or empty")
        fits = not self.masked or (len(self.masked) == len(self.markers) and len(self.masked) < 3)
        check(fits, "dataset.masked", self.masked, "empty, or a type for each of one or two dataset.markers")
        check(self.shown >= 0, "dataset.shown", self.shown, "0 or more")
        whole = self.mix is None or (set(self.mix) == set(self.classes) and min(self.mix.values()) >= 1)
        check(whole, "dataset.mix", self.mix, f"null, or a number from 1 for each of {', '.join(self.classes)}")
