"""Rows of a paper's table, and what is claimed of them, as tables to be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clinsynth.papers.claims import FAILS, OPEN, Finding
from clinsynth.papers.published import BACKBONES, STANDS_FOR
from clinsynth.reports.arms import Difference, Row, best, difference
from clinsynth.reports.report import Cell, Table, same
from clinsynth.task import Headline

PERCENT = "it does not say whether relative or in points"

READING = (
    "Differences are in points, with the 95% interval of a paired bootstrap over the test examples that both rows were "
    "scored on. A claim holds, or it is the other way round, where that interval leaves 0 out (or the margin that the "
    "claim gives). Runs of several seeds are averaged, not drawn: a row of one run may owe its place to its seed. The "
    "intervals are not corrected for how many they are.\n"
)


def scores(rows: Sequence[Row], *, columns: Sequence[tuple[str, str]], caption: str, dataset: str = "") -> Table:
    """A line for each row, with scores in percent; `columns` are further metrics by heading."""
    published = any(row.published for row in rows)
    headline = rows[0].headline if rows else Headline()
    heads = ["arm", "backbone", "runs", *headline.scores, "95% interval", *(name for name, _ in columns)]
    heads.append("against the best")
    heads += [f"paper {headline.name}{_stand_in(rows)}", "difference"] if published else []
    top = best(rows)
    metrics = [metric for _, metric in columns]
    return Table(caption, heads, [_line(row, top, columns=metrics, published=published) for row in rows], dataset)


def _stand_in(rows: Sequence[Row]) -> str:
    """The paper's backbone, where it is another one than ours."""
    others = {row.backbone for row in rows if row.published and row.source != "zero_shot"} - set(BACKBONES)
    return f" ({STANDS_FOR})" if others else ""


def _line(row: Row, top: Row | None, *, columns: Sequence[str], published: bool) -> list[Cell]:
    runs = f"{len(row.runs)} of {row.jobs}" if row.missing else str(row.jobs)
    cells = [same(row.name), same(row.backbone), same(runs)]
    headline = row.headline
    cells += [_score(row, metric, bold=row is top and metric == headline.metric) for metric in headline.scores.values()]
    low, high = row.mean(headline.low), row.mean(headline.high)
    interval = f"{100 * low:.1f} – {100 * high:.1f}" if low is not None and high is not None else _absent(row)
    cells += [same(interval), *(_score(row, metric) for metric in columns), same(_against(row, top))]
    if published:
        theirs, ours = (row.published or {}).get("f1"), row.score
        cells.append(same("–" if theirs is None else f"{theirs:.1f}"))
        cells.append(same("–" if theirs is None or ours is None else f"{100 * ours - theirs:+.1f}"))
    return cells


def _score(row: Row, metric: str, *, bold: bool = False) -> Cell:
    mean, deviation = row.mean(metric), row.deviation(metric)
    if mean is None:
        return same(_absent(row))
    spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
    return Cell(f"{100 * mean:.1f}{spread}", plain=f"{100 * mean:.2f}", bold=bold)


def _absent(row: Row) -> str:
    return "–" if row.runs else "missing"


def _against(row: Row, top: Row | None) -> str:
    """F1 minus that of the best row, paired on the test examples of both."""
    if top is None or row is top:
        return "–"
    return _on(difference(row, top), row, top)


def _on(found: Difference | None, *rows: Row) -> str:
    """A difference, with the number of examples where that is not the whole test set."""
    if found is None:
        return "–"
    return f"{found}, on {found.examples} examples" if any(row.partial for row in rows) else str(found)


def changes(rows: Sequence[Row], *, theirs: Mapping[str, float], caption: str) -> Table:
    """What each arm changes against gold alone, in points and relative to it; `theirs` is the paper's, in percent."""
    gold = {row.backbone: row for row in rows if row.source == "original"}
    lines = [
        [
            same(row.arm if len(gold) < 2 else f"{row.arm}, {row.backbone}"),
            *(same(_change(row, gold[row.backbone], metric)) for metric in row.headline.scores.values()),
        ]
        for row in rows
        if row.backbone in gold and row is not gold[row.backbone]
    ]
    told = [f"{theirs[name]:+.0f}%" if name in theirs else "–" for name in ("precision", "recall", "f1")]
    lines.append([same(f"the paper ({PERCENT})"), *map(same, told)])
    return Table(caption, ["against gold alone", *rows[0].headline.scores], lines, rows[0].dataset, kind="changes")


def _change(row: Row, original: Row, metric: str) -> str:
    before, after = original.mean(metric), row.mean(metric)
    if before is None or after is None:
        return "missing"
    return f"{100 * (after - before):+.1f}" + (f" ({100 * (after / before - 1):+.0f}%)" if before else "")


def statements(found: Sequence[Finding], *, caption: str) -> Table:
    """What is claimed, of which rows, with our difference and the paper's."""
    heads = ["claim", "dataset", "higher", "lower", "score", "ours", "paper", "so"]
    return Table(caption, heads, [_statement(finding) for finding in found], kind="claims")


def _statement(finding: Finding) -> list[Cell]:
    claim, ours, published = finding.claim, finding.ours, finding.published
    said = f"{claim.says} (paper)" if claim.paper else claim.says
    shown = _on(ours, finding.more, finding.less)
    texts = [said, finding.more.dataset, *(_named(row, finding) for row in (finding.more, finding.less))]
    texts += [claim.score, shown, "–" if published is None else f"{published:+.1f}", finding.verdict]
    return [*map(same, texts[:-1]), Cell(texts[-1], plain=texts[-1], bold=finding.verdict == FAILS)]


def _named(row: Row, finding: Finding) -> str:
    """The backbone only where it tells the two apart."""
    alike = finding.more.backbone == finding.less.backbone
    return row.arm if alike else f"{row.arm}, {row.backbone}"


def departures(found: Sequence[Finding]) -> list[str]:
    """A sentence for each claim of the paper that does not hold here, with our explanation."""
    apart: dict[str, list[Finding]] = {}
    for finding in found:
        if finding.claim.paper and finding.verdict in (FAILS, OPEN):
            apart.setdefault(finding.claim.says, []).append(finding)
    return [_departure(says, where) for says, where in apart.items()]


def _departure(says: str, where: Sequence[Finding]) -> str:
    places = "; ".join(
        f"{finding.more.dataset}: {finding.more.arm} against {finding.less.arm} {finding.ours}" for finding in where
    )
    why = where[0].claim.why
    return f"The paper finds that {says}. Ours does not show it for {places}." + (
        f" Our reading: {why}." if why else ""
    )
