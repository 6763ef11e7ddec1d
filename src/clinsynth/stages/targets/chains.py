"""Arms from seeds to gold that learn from what other arms have made: models that label texts, and their corpora."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WRITTEN = ("llm", "all-units", "real")
"""Arms whose corpora are taken."""

TRAIN = "clinsynth train dataset=ncbi_disease"
LABEL = "clinsynth generate dataset=ncbi_disease material=texts"
THREE = "annotator=model annotator.model=[run1,run2,run3] annotator.threshold=0.6"
ALIKE = "trainer.alike=corpus trainer.abbreviations=true"


@dataclass(frozen=True)
class Chain:
    """Commands, one after the other, of which the last one trains the arm."""

    arm: str
    command: str
    spent: tuple[str, ...]
    """The arms whose names, labels and tokens it spends."""
    alike: str = ""
    """What has its model read in another way, too."""


def chains(digests: Mapping[str, str], *, texts: int) -> list[Chain]:
    """Return the arms, by the digests of the corpora of `WRITTEN`; gold train has so many `texts`."""
    llm, units, real = (digests[name] for name in WRITTEN)
    own = f"{LABEL} texts.path=train texts.number={texts}"
    others, more = (
        f"{LABEL} texts.path=$CLINSYNTH_DATA/bc5cdr_disease/{split}.tsv texts.public=true {THREE}"
        for split in ("train", "devel")
    )

    def distilled(source: str, parts: str, *labelled: str) -> str:
        """Three models of an arm label texts, and another one learns from these, too."""
        new = ",".join(f"corpus{number}" for number in range(1, 1 + len(labelled)))
        teachers = f"{_train(source, parts).replace('train', 'train -m', 1)} seed=0,1,2"
        return " && ".join([teachers, *labelled, _train(source, f"{parts},{new}")])

    together = _train("synthetic", f"{llm},{units},{real}")
    taught = f"{own} annotator=model annotator.model=latest annotator.threshold=0.6"
    listed = _train("synthetic", f"{llm},{units},latest")
    return [
        Chain(
            "self-training",
            f"{TRAIN} size=n30 annotator=llm && {TRAIN} size=n30 annotator=model annotator.model=latest",
            ("llm",),
        ),
        Chain("llm-real", _train("synthetic", f"{llm},{real}"), ("llm", "real")),
        Chain(
            "llm-real-distilled",
            distilled("synthetic", f"{llm},{real}", f"{own} {THREE}", others),
            ("llm", "real"),
            alike=ALIKE,
        ),
        Chain(
            "llm-real-more",
            distilled("synthetic", f"{llm},{real}", f"{own} {THREE}", others, more),
            ("llm", "real"),
            alike=ALIKE,
        ),
        Chain("together", together, WRITTEN, alike=ALIKE),
        Chain(
            "taught",
            f"{together} && {taught} && {_train('synthetic', f'{llm},{units},{real},latest')}",
            WRITTEN,
        ),
        Chain(
            "distilled",
            distilled("synthetic", f"{llm},{units},{real}", f"{own} {THREE}", others),
            WRITTEN,
            alike=ALIKE,
        ),
        Chain("listed", f"{own} annotator=gazetteer && {listed}", ("llm", "all-units"), alike=ALIKE),
        Chain("original", f"{TRAIN} source=original", ("original",), alike=ALIKE),
        Chain("original-together", _train("augmented", f"{llm},{units},{real}"), (*WRITTEN, "original"), alike=ALIKE),
        Chain("original-units", _train("augmented", f"{llm},{units}"), ("llm", "all-units", "original")),
        Chain(
            "everything",
            distilled("augmented", f"{llm},{units}", others),
            ("llm", "all-units", "original"),
            alike=ALIKE,
        ),
    ]


def _train(source: str, corpora: str) -> str:
    return f"{TRAIN} source={source} source.corpora=[{corpora}]"
