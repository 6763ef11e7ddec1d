"""Claims held against the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinsynth.papers.claims import LEAST, MOST, NEXT, SOME, Claim
from clinsynth.papers.published import published_changes
from clinsynth.reports.arms import Arm, Difference, difference
from clinsynth.reports.console import ABSENT
from clinsynth.reports.scores import change_table, difference_text
from clinsynth.reports.tables import Cell, ReportTable, plain_cells

HOLDS, FAILS, OPEN = "holds", "the other way round", "not told apart"
MISSING, APART = "runs are missing", "cannot be compared"

READING = (
    "Differences are in points, with the 95% interval of a paired bootstrap over the test examples that both rows were "
    "scored on. A claim holds, or it is the other way round, where that interval leaves 0 out (or the margin that the "
    "claim gives). Runs of several seeds are averaged, not drawn: a row of one run may owe its place to its seed. The "
    "intervals are not corrected for how many they are.\n"
)


@dataclass(frozen=True)
class Finding:
    """A claim on two arms that it is about."""

    claim: Claim
    more: Arm
    less: Arm
    ours: Difference | None

    @property
    def verdict(self) -> str:
        """Return whether the claim holds."""
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
        """Return the same difference as the paper reports it, in points; it has one arm of each source."""
        if self.more.source == self.less.source:
            return None
        key = {"precision": "p", "recall": "r", "f1": "f1"}[self.claim.score]
        if self.more.published is None or self.less.published is None:
            return None
        return self.more.published[key] - self.less.published[key]


def findings(claims: Sequence[Claim], arms: Sequence[Arm]) -> list[Finding]:
    """Return each claim on each pair of arms that it is about, whether they have runs or not."""
    return [
        Finding(claim, more, less, difference(more, less, score=claim.score))
        for claim in claims
        for more, less in _pairs(claim, arms)
    ]


def _pairs(claim: Claim, arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    ranked = {fact for side in (claim.more, claim.less) for fact, value in side.items() if value != SOME}
    alike = [fact for fact in claim.alike if fact not in ranked]
    for more in _chosen(claim.more, arms, alike=alike):
        for less in _chosen(claim.less, arms, alike=alike):
            about = not claim.datasets or more.gold in claim.datasets
            if about and more is not less and _key(more, alike) == _key(less, alike):
                yield more, less


def _chosen(wanted: Mapping[str, Any], arms: Sequence[Arm], *, alike: Sequence[str]) -> list[Arm]:
    """Return arms with these facts; a rank is taken among those that agree in `alike`."""
    fixed = {fact: value for fact, value in wanted.items() if value not in (MOST, NEXT, LEAST)}
    found = [arm for arm in arms if all(_has(arm, fact, value) for fact, value in fixed.items())]
    for fact, rank in wanted.items():
        if fact in fixed:
            continue
        groups: dict[tuple[Any, ...], list[Arm]] = {}
        for arm in found:
            if arm.facts.get(fact) is not None:
                groups.setdefault(_key(arm, alike), []).append(arm)
        ranked = [sorted(group, key=lambda arm: float(arm.facts[fact])) for group in groups.values()]
        place = {MOST: -1, NEXT: -2, LEAST: 0}[rank]
        found = [group[place] for group in ranked if len(group) > (2 if rank == NEXT else 1)]
    return found


def _has(arm: Arm, fact: str, value: Any) -> bool:
    found = arm.facts.get(fact)
    return found is not None if value == SOME else found == value


def _key(arm: Arm, alike: Sequence[str]) -> tuple[Any, ...]:
    return (arm.dataset, *(arm.facts.get(fact) for fact in alike))


def finding_table(found: Sequence[Finding], *, caption: str) -> ReportTable:
    """Return what is claimed, of which arms, with our difference and the paper's."""
    heads = ["claim", "dataset", "higher", "lower", "score", "ours", "paper", "so"]
    return ReportTable(caption, heads, [_line(finding) for finding in found], kind="claims")


def _line(finding: Finding) -> list[Cell]:
    claim, more, less, published = finding.claim, finding.more, finding.less, finding.published
    said = f"{claim.says} (paper)" if claim.paper else claim.says
    alike = more.backbone == less.backbone
    names = [arm.name if alike else f"{arm.name}, {arm.backbone}" for arm in (more, less)]
    theirs = ABSENT if published is None else f"{published:+.1f}"
    cells = plain_cells(said, more.dataset, *names, claim.score, difference_text(finding.ours, more, less), theirs)
    return [*cells, Cell(finding.verdict, plain=finding.verdict, bold=finding.verdict == FAILS)]


def departures(found: Sequence[Finding]) -> list[str]:
    """Return a sentence for each claim of the paper that does not hold here, with our explanation."""
    apart: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.claim.paper and finding.verdict in (FAILS, OPEN):
            apart.setdefault(finding.claim.says, []).append(finding)
    return [_departure(says, where) for says, where in apart.items()]


def _departure(says: str, where: Sequence[Finding]) -> str:
    places = "; ".join(
        f"{finding.more.dataset}: {finding.more.name} against {finding.less.name} {finding.ours}" for finding in where
    )
    why = where[0].claim.why
    return f"The paper finds that {says}. Ours does not show it for {places}." + (
        f" Our reading: {why}." if why else ""
    )


def changes_beside_paper(arms: Sequence[Arm], *, target: str, caption: str) -> ReportTable | None:
    """Return what arms change against gold alone, with the paper's line; `None` where the papers do not say so."""
    theirs = published_changes(target)
    if not theirs:
        return None
    table = change_table(arms, head="against gold alone", caption=f"{caption}, against gold alone")
    told = [f"{theirs[name]:+.0f}%" if name in theirs else ABSENT for name in ("precision", "recall", "f1")]
    name = "the paper (it does not say whether relative or in points)"
    return ReportTable(table.caption, table.heads, [*table.lines, plain_cells(name, *told)], table.dataset, table.kind)
