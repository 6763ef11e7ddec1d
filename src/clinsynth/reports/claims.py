"""What the papers say that their tables and figures show, and what we say of ours, held against the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.reports.cells import Difference, Row, difference

MOST, NEXT, LEAST = "the most", "the most but one", "the least"
"""In the place of a number: of the rows that are alike otherwise."""

HOLDS, FAILS, OPEN, UNKNOWN = "holds", "**the other way round**", "not told apart", "runs are missing"

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


@dataclass(frozen=True)
class Finding:
    claim: Claim
    more: Row
    less: Row
    ours: Difference | None

    @property
    def verdict(self) -> str:
        if self.ours is None:
            return UNKNOWN
        if self.ours.low > 0:
            return HOLDS
        return FAILS if self.ours.high < 0 else OPEN

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
    alike = [fact for fact in claim.alike if fact not in {*claim.more, *claim.less}]
    for more in _chosen(claim.more, rows, alike=alike):
        for less in _chosen(claim.less, rows, alike=alike):
            if more is not less and _key(more, alike) == _key(less, alike):
                yield more, less


def _chosen(wanted: Mapping[str, Any], rows: Sequence[Row], *, alike: Sequence[str]) -> list[Row]:
    """Rows with these facts; a rank is taken among those that agree in `alike`."""
    fixed = {fact: value for fact, value in wanted.items() if value not in (MOST, NEXT, LEAST)}
    found = [row for row in rows if all(row.facts.get(fact) == value for fact, value in fixed.items())]
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


def _key(row: Row, alike: Sequence[str]) -> tuple[Any, ...]:
    return (row.dataset, *(row.facts.get(fact) for fact in alike))


_KIND = ("backbone",)
_TANG_NER = (
    Claim(
        "training on gold beats training on synthetic text",
        {"source": "original", "examples": None},
        {"source": "synthetic"},
        alike=_KIND,
        paper=True,
    ),
    Claim(
        "training on synthetic text beats the LLM's own answers",
        {"source": "synthetic"},
        {"source": "zero_shot"},
        alike=(),
        paper=True,
        why="the LLM of the recordings does the task itself far better than the paper's did",
    ),
    Claim("the LLM's labels beat the gazetteer's", {"annotator": "llm"}, {"annotator": "gazetteer"}),
    Claim("the gazetteer's labels beat those of the unit alone", {"annotator": "gazetteer"}, {"annotator": "seed"}),
    Claim(
        "synthetic text helps beside a few gold examples",
        {"source": "augmented"},
        {"source": "original"},
        alike=("backbone", "examples"),
    ),
)
_NOISY = "the test rows are not relabelled here, and their labels often do not follow what the sentences say"
_TANG_RELATION = (
    Claim(
        "training on synthetic text is as good as training on gold, or nearly",
        {"source": "synthetic"},
        {"source": "original", "examples": None},
        alike=_KIND,
        paper=True,
        why=_NOISY,
    ),
    Claim(
        "training on synthetic text beats the LLM's own answers",
        {"source": "synthetic"},
        {"source": "zero_shot"},
        alike=(),
        paper=True,
        why=_NOISY,
    ),
    Claim(
        "synthetic examples are worth as much as as many gold ones",
        {"source": "synthetic"},
        {"source": "original"},
        alike=("backbone", "total"),
        why=_NOISY,
    ),
    Claim(
        "synthetic text helps beside a few gold examples",
        {"source": "augmented"},
        {"source": "original"},
        alike=("backbone", "examples"),
        why=_NOISY,
    ),
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
        Claim(
            "F1 grows with the number of sentences",
            {"size": MOST},
            {"size": LEAST},
            paper=True,
            why="with labels that leave mentions out, more sentences teach more of the same mistake",
        ),
        Claim("F1 still grows at the end of the curve", {"size": MOST}, {"size": NEXT}),
        Claim("F1 grows with the share of the units", {"seed_ratio": MOST}, {"seed_ratio": LEAST}, paper=True),
        Claim("the LLM's labels beat the gazetteer's", {"annotator": "llm"}, {"annotator": "gazetteer"}),
        Claim("the gazetteer's labels beat those of the unit alone", {"annotator": "gazetteer"}, {"annotator": "seed"}),
    ),
    "figure3": (
        Claim("F1 grows with the number of examples", {"size": MOST}, {"size": LEAST}, paper=True, why=_NOISY),
        Claim(
            "F1 grows with the share of the pool that prompts show",
            {"seed_ratio": MOST},
            {"seed_ratio": LEAST},
            paper=True,
            why=_NOISY,
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
