"""The claims of the papers about their tables and figures, and ours: `assets/papers/claims.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinsynth.papers.published import paper_data

MOST, NEXT, LEAST = "the most", "the most but one", "the least"
"""In the place of a number: of the arms that are alike otherwise."""

SOME = "some"
"""In the place of a value: any but none."""

FACTS = ("backbone", "source", "annotator", "size", "seed_ratio", "examples")


@dataclass(frozen=True)
class Claim:
    """Arms with the facts `more` score higher than those with the facts `less`."""

    says: str
    more: Mapping[str, Any]
    less: Mapping[str, Any]
    alike: tuple[str, ...] = FACTS
    """Facts in which the two arms agree, but for those that the claim names."""
    score: str = "f1"
    paper: bool = False
    """True where the paper says so."""
    why: str = ""
    """Our explanation, should it turn out otherwise."""
    margin: float = 0.0
    """A score that is lower by so much still holds, for claims that two are nearly the same."""
    datasets: tuple[str, ...] = ()
    """The datasets that it is about, if not about all."""


def claims_of(target: str) -> list[Claim]:
    """Return what is claimed of a table or figure; `paper` where Tang et al. 2023 or Woolsey et al. 2024 say so."""
    return [_claim(row) for row in paper_data("claims").get(target, [])]


def _claim(row: Mapping[str, Any]) -> Claim:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Claim(**values)
