from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clinsynth.papers.claims import FACTS, LEAST, MOST, NEXT, SOME, Claim, claims_of
from clinsynth.papers.findings import FAILS, HOLDS, MISSING, OPEN, departures, finding_table, findings
from clinsynth.reports.arms import Arm, ScoredRun
from clinsynth.types import Outcomes

EXAMPLES = 400


def row(share: float | None, *, dataset: str = "d", published: float | None = None, **facts: Any) -> Arm:
    """A row that finds this share of the gold mentions, one an example, and nothing else; None has no run."""
    told = {"backbone": "minilm", "source": "synthetic"} | facts
    runs = []
    if share is not None:
        true = (np.arange(EXAMPLES) % 100 < 100 * share).astype(int)
        counts = np.stack([true, true, np.ones(EXAMPLES, dtype=int)], axis=1)
        runs = [ScoredRun("1", {"test/f1": share}, Outcomes(np.arange(EXAMPLES), counts))]
    value = None if published is None else {"p": published, "r": published, "f1": published}
    name = " ".join(map(str, facts.values()))
    return Arm(name, dataset, "ner", facts.get("source", ""), "minilm", told, runs=runs, jobs=1, published=value)


BEATS = Claim("llm beats seed", {"annotator": "llm"}, {"annotator": "seed"})


@pytest.mark.parametrize(
    ("more", "less", "verdict"), [(0.9, 0.3, HOLDS), (0.3, 0.9, FAILS), (0.5, 0.5, OPEN), (None, 0.5, MISSING)]
)
def test_a_claim_is_held_against_the_runs(more: float | None, less: float, verdict: str) -> None:
    (found,) = findings([BEATS], [row(less, annotator="seed"), row(more, annotator="llm")])
    assert found.verdict == verdict
    assert (found.more.facts["annotator"], found.less.facts["annotator"]) == ("llm", "seed")


def test_rows_are_compared_that_are_alike_otherwise() -> None:
    rows = [
        row(0.5, annotator=annotator, size=size, dataset=dataset)
        for annotator in ("seed", "llm")
        for size in (10, 30)
        for dataset in ("d", "e")
    ]
    pairs = findings([BEATS], rows)
    assert len(pairs) == 4
    assert all(
        (found.more.dataset, found.more.facts["size"]) == (found.less.dataset, found.less.facts["size"])
        for found in pairs
    )


@pytest.mark.parametrize(("less", "size"), [(LEAST, 1), (NEXT, 10)])
def test_growth_is_between_ranks_of_the_rows_that_are_alike(less: str, size: int) -> None:
    claim = Claim("grows", {"size": MOST}, {"size": less})
    rows = [row(0.5, annotator="llm", size=number) for number in (10, 30, 1)] + [row(0.5, annotator="seed", size=5)]
    (found,) = findings([claim], rows)
    assert (found.more.facts["size"], found.less.facts["size"]) == (30, size)
    assert found.more.facts["annotator"] == "llm"


def test_the_papers_own_difference_stands_beside_ours() -> None:
    gold, synthetic = {"source": "original"}, {"source": "synthetic"}
    rows = [row(0.5, **gold, published=80.0), row(0.4, **synthetic, published=62.5)]
    (found,) = findings([Claim("gold is better", gold, synthetic)], rows)
    assert found.published == pytest.approx(17.5)
    line = [cell.text for cell in finding_table([found], caption="").lines[0]]
    assert line[-2:] == ["+17.5", HOLDS]
    rows = [row(0.5, annotator="llm", published=80.0), row(0.4, annotator="seed", published=80.0)]
    (found,) = findings([BEATS], rows)
    assert found.published is None  # one row of the paper stands beside both


def test_what_the_paper_finds_and_ours_does_not_is_said_with_our_reading() -> None:
    claim = Claim("more is better", {"size": MOST}, {"size": LEAST}, paper=True, why="labels are noisy")
    rows = [row(0.5, size=1), row(0.2, size=30), row(0.2, size=1, dataset="e"), row(0.9, size=30, dataset="e")]
    (text,) = departures(findings([claim], rows))
    assert text.startswith("The paper finds that more is better. Ours does not show it for d: 30 against 1 -33.3")
    assert text.endswith("Our reading: labels are noisy.")
    assert "e: " not in text
    ours = Claim(claim.says, claim.more, claim.less)
    assert departures(findings([ours], rows)) == []


def test_nearly_the_same_has_a_margin() -> None:
    near = Claim("as good", {"annotator": "llm"}, {"annotator": "seed"}, margin=0.03)
    for ours, verdict in ((0.50, HOLDS), (0.20, FAILS), (0.47, OPEN), (0.90, HOLDS)):
        (found,) = findings([near], [row(0.5, annotator="seed"), row(ours, annotator="llm")])
        assert found.verdict == verdict, ours


def test_some_is_any_value_in_which_both_agree() -> None:
    claim = Claim("helps", {"source": "augmented"}, {"source": "original", "examples": SOME}, alike=("examples",))
    rows = [
        row(0.5, source=source, examples=number) for source in ("augmented", "original") for number in (None, 9, 99)
    ]
    assert [found.less.facts["examples"] for found in findings([claim], rows)] == [9, 99]


def test_a_claim_about_one_dataset_is_made_of_no_other() -> None:
    claim = Claim("llm beats seed", {"annotator": "llm"}, {"annotator": "seed"}, datasets=("e",))
    rows = [row(0.5, annotator=annotator, dataset=dataset) for annotator in ("seed", "llm") for dataset in ("d", "e")]
    assert [found.more.dataset for found in findings([claim], rows)] == ["e"]


def test_each_claim_of_a_paper_is_about_rows_that_can_be_told_apart() -> None:
    for target in ("table2", "table3", "table7", "table8", "figure2", "figure3", "table-asd"):
        found = claims_of(target)
        assert found
        assert all(claim.more != claim.less for claim in found)
        assert {fact for claim in found for fact in (*claim.more, *claim.less, *claim.alike)} <= {*FACTS, "total"}
    assert claims_of("table1") == []
