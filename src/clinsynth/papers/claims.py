"""What the papers say that their tables and figures show, and what we say of ours, held against the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinsynth.reports.arms import Difference, Row, difference

MOST, NEXT, LEAST = "the most", "the most but one", "the least"
"""In the place of a number: of the rows that are alike otherwise."""

SOME = "some"
"""In the place of a value: any but none."""

CLOSE = 0.03
"""How far below counts as nearly the same; the choice is ours."""

HOLDS, FAILS, OPEN = "holds", "the other way round", "not told apart"
MISSING, APART = "runs are missing", "cannot be compared"

FACTS = ("backbone", "source", "annotator", "size", "seed_ratio", "examples")


@dataclass(frozen=True)
class Claim:
    """Rows with the facts `more` score higher than those with the facts `less`."""

    says: str
    more: Mapping[str, Any]
    less: Mapping[str, Any]
    alike: tuple[str, ...] = FACTS
    """Facts in which the two rows agree, but for those that the claim names."""
    score: str = "f1"
    paper: bool = False
    """Whether the paper says so."""
    why: str = ""
    """How we explain it, should it turn out otherwise."""
    margin: float = 0.0
    """So much lower still holds, for claims that two are nearly the same."""
    datasets: tuple[str, ...] = ()
    """That it is about, if not about all."""


@dataclass(frozen=True)
class Finding:
    claim: Claim
    more: Row
    less: Row
    ours: Difference | None

    @property
    def verdict(self) -> str:
        if not (self.more.runs and self.less.runs):
            return MISSING
        if self.ours is None:
            return APART
        margin = self.claim.margin
        if self.ours.low > -margin:
            return HOLDS
        return FAILS if self.ours.high < -margin else OPEN

    @property
    def published(self) -> float | None:
        """What the paper reports of the same difference, in points; it has one row of each source."""
        if self.more.source == self.less.source:
            return None
        key = {"precision": "p", "recall": "r", "f1": "f1"}[self.claim.score]
        if self.more.published is None or self.less.published is None:
            return None
        return self.more.published[key] - self.less.published[key]


def findings(claims: Sequence[Claim], rows: Sequence[Row]) -> list[Finding]:
    """Each claim on each pair of rows that it is about, whether they have runs or not."""
    return [
        Finding(claim, more, less, difference(more, less, score=claim.score))
        for claim in claims
        for more, less in _pairs(claim, rows)
    ]


def _pairs(claim: Claim, rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    ranked = {fact for side in (claim.more, claim.less) for fact, value in side.items() if value != SOME}
    alike = [fact for fact in claim.alike if fact not in ranked]
    for more in _chosen(claim.more, rows, alike=alike):
        for less in _chosen(claim.less, rows, alike=alike):
            about = not claim.datasets or more.dataset in claim.datasets
            if about and more is not less and _key(more, alike) == _key(less, alike):
                yield more, less


def _chosen(wanted: Mapping[str, Any], rows: Sequence[Row], *, alike: Sequence[str]) -> list[Row]:
    """Rows with these facts; a rank is taken among those that agree in `alike`."""
    fixed = {fact: value for fact, value in wanted.items() if value not in (MOST, NEXT, LEAST)}
    found = [row for row in rows if all(_has(row, fact, value) for fact, value in fixed.items())]
    for fact, rank in wanted.items():
        if fact in fixed:
            continue
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in found:
            if row.facts.get(fact) is not None:
                groups.setdefault(_key(row, alike), []).append(row)
        ranked = [sorted(group, key=lambda row: float(row.facts[fact])) for group in groups.values()]
        place = {MOST: -1, NEXT: -2, LEAST: 0}[rank]
        found = [group[place] for group in ranked if len(group) > (2 if rank == NEXT else 1)]
    return found


def _has(row: Row, fact: str, value: Any) -> bool:
    found = row.facts.get(fact)
    return found is not None if value == SOME else found == value


def _key(row: Row, alike: Sequence[str]) -> tuple[Any, ...]:
    return (row.dataset, *(row.facts.get(fact) for fact in alike))


_KIND = ("backbone",)
_LLM = Claim("the LLM's labels beat the gazetteer's", {"annotator": "llm"}, {"annotator": "gazetteer"})
_GAZETTEER = Claim(
    "the gazetteer's labels beat those of the unit alone", {"annotator": "gazetteer"}, {"annotator": "seed"}
)
_GOLD = Claim(
    "training on gold beats training on synthetic text",
    {"source": "original", "examples": None},
    {"source": "synthetic"},
    alike=_KIND,
    paper=True,
)
_STUDENT = Claim(
    "training on synthetic text beats the LLM's own answers",
    {"source": "synthetic"},
    {"source": "zero_shot"},
    alike=(),
    paper=True,
)
_BESIDE_FEW = Claim(
    "synthetic text helps beside a few gold examples",
    {"source": "augmented"},
    {"source": "original", "examples": SOME},
    alike=("backbone", "examples"),
)
_BESIDE_ALL = Claim(
    "synthetic text helps beside all gold examples",
    {"source": "augmented", "examples": None},
    {"source": "original", "examples": None},
    alike=_KIND,
)
_TANG_NER = (
    _GOLD,
    replace(_STUDENT, why="the LLM of the recordings does the task itself far better than the paper's did"),
    _LLM,
    _GAZETTEER,
    _BESIDE_FEW,
    _BESIDE_ALL,
)
_NOISY = "the test rows are not relabelled here, and their labels often do not follow what the sentences say"
_TANG_RELATION = (
    Claim(
        "training on synthetic text is as good as training on gold, give or take 3 points",
        {"source": "synthetic"},
        {"source": "original", "examples": None},
        alike=_KIND,
        paper=True,
        why=_NOISY,
        margin=CLOSE,
        datasets=("gad",),
    ),
    replace(_GOLD, datasets=("euadr",)),
    replace(_STUDENT, why=_NOISY),
    Claim(
        "a synthetic example is worth a gold one, give or take 3 points",
        {"source": "synthetic"},
        {"source": "original", "examples": SOME},
        alike=("backbone", "total"),
        why=_NOISY,
        margin=CLOSE,
    ),
    replace(_BESIDE_FEW, why=_NOISY),
    _BESIDE_ALL,
)
_ZERO_SHOT = (
    Claim(
        "a model that was trained on gold beats the LLM's own answers",
        {"source": "original"},
        {"source": "zero_shot"},
        alike=(),
        paper=True,
        why="the LLM of the recordings does the task far better than the paper's did",
    ),
)
CLAIMS: dict[str, tuple[Claim, ...]] = {
    "table2": _ZERO_SHOT,
    "table3": _ZERO_SHOT,
    "table7": _TANG_NER,
    "table8": _TANG_RELATION,
    "figure2": (
        Claim("F1 grows with the number of sentences", {"size": MOST}, {"size": LEAST}),
        Claim("F1 still grows at the end of the curve", {"size": MOST}, {"size": NEXT}),
        Claim("F1 grows with the share of the units", {"seed_ratio": MOST}, {"seed_ratio": LEAST}),
        _LLM,
        _GAZETTEER,
    ),
    "figure3": (
        Claim("F1 grows with the number of examples", {"size": MOST}, {"size": LEAST}, why=_NOISY),
        Claim(
            "F1 is flat from about 3500 examples on, give or take 3 points",
            {"size": 3200},
            {"size": 6400},
            paper=True,
            margin=CLOSE,
        ),
        Claim(
            "F1 is lower where prompts show no rows of the pool", {"seed_ratio": 1.0}, {"seed_ratio": 0.0}, paper=True
        ),
        Claim(
            "F1 is flat from 80% of the pool on, give or take 3 points",
            {"seed_ratio": 0.8},
            {"seed_ratio": 1.0},
            paper=True,
            margin=CLOSE,
        ),
    ),
    "table-asd": (
        Claim(
            "synthetic notes beside gold raise recall",
            {"source": "augmented"},
            {"source": "original"},
            alike=("backbone", "examples"),
            score="recall",
            paper=True,
        ),
        Claim(
            "synthetic notes beside gold lower precision",
            {"source": "original"},
            {"source": "augmented"},
            alike=("backbone", "examples"),
            score="precision",
            paper=True,
            why="the gold notes are few, and the synthetic ones were written by the LLM that wrote the test notes",
        ),
    ),
}
"""By target; `paper` where Tang et al. 2023 or, of the criteria, Woolsey et al. 2024 say so."""
