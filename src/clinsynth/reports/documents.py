"""A paper's table as Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinsynth.reports.cells import Row, best, difference

SCORES = {"P": "test/precision", "R": "test/recall", "F1": "test/f1"}


@dataclass(frozen=True)
class Cell:
    """What stands in one place; `plain` is for programs."""

    text: str
    plain: str
    bold: bool = False


Grid = list[list[Cell]]


def headings(*, columns: Sequence[str], published: bool) -> list[str]:
    found = ["arm", "backbone", "runs", *SCORES, "95% interval", *columns, "against the best"]
    return [*found, "paper F1", "difference"] if published else found


def grid(rows: Sequence[Row], *, columns: Sequence[tuple[str, str]], published: bool) -> Grid:
    """A line for each row, with scores in percent; `columns` are further metrics by heading."""
    top = best(rows)
    return [_line(row, top, columns=[metric for _, metric in columns], published=published) for row in rows]


def _line(row: Row, top: Row | None, *, columns: Sequence[str], published: bool) -> list[Cell]:
    runs = f"{len(row.runs)} of {row.jobs}" if row.missing else str(row.jobs)
    cells = [_same(row.arm), _same(row.backbone), _same(runs)]
    cells += [_score(row, metric, bold=row is top and metric == "test/f1") for metric in SCORES.values()]
    low, high = row.mean("test/f1_low"), row.mean("test/f1_high")
    interval = f"{100 * low:.1f} – {100 * high:.1f}" if low is not None and high is not None else _absent(row)
    cells += [_same(interval), *(_score(row, metric) for metric in columns), _same(_against(row, top))]
    if published:
        theirs, ours = (row.published or {}).get("f1"), row.mean("test/f1")
        cells.append(_same("–" if theirs is None else f"{theirs:.1f}"))
        cells.append(_same("–" if theirs is None or ours is None else f"{100 * ours - theirs:+.1f}"))
    return cells


def _score(row: Row, metric: str, *, bold: bool = False) -> Cell:
    mean, deviation = row.mean(metric), row.deviation(metric)
    if mean is None:
        return _same(_absent(row))
    spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
    return Cell(f"{100 * mean:.1f}{spread}", plain=f"{100 * mean:.2f}", bold=bold)


def _absent(row: Row) -> str:
    return "–" if row.runs else "missing"


def _against(row: Row, top: Row | None) -> str:
    """F1 minus that of the best row, paired on test examples."""
    if top is None or row is top:
        return "–"
    found = difference(row, top)
    return "–" if found is None else f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def _same(text: str) -> Cell:
    return Cell(text, plain=text)


def markdown(heads: Sequence[str], lines: Grid) -> str:
    rows = [list(heads), ["---"] * len(heads), *(_shown(line, lambda text: f"**{text}**") for line in lines)]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def comma_separated(heads: Sequence[str], lines: Grid) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([cell.plain for cell in line] for line in lines)
    return file.getvalue()


def latex(heads: Sequence[str], lines: Grid, *, caption: str) -> str:
    """A `table` with booktabs' rules."""
    aligned = "ll" + "r" * (len(heads) - 2)
    body = [list(map(escaped, heads)), *(_shown(line, lambda text: rf"\textbf{{{text}}}", escaped) for line in lines)]
    first, *rest = (" & ".join(row) + r" \\" for row in body)
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escaped(caption)}}}",
            rf"\begin{{tabular}}{{{aligned}}}",
            r"\toprule",
            first,
            r"\midrule",
            *rest,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def escaped(text: str) -> str:
    """For LaTeX."""
    for sign in "&%$#_{}":
        text = text.replace(sign, rf"\{sign}")
    return text.replace("±", r"$\pm$").replace("–", "--").replace("~", r"\textasciitilde{}")


def _shown(line: Sequence[Cell], bold: Callable[[str], str], sign: Callable[[str], str] = str) -> list[str]:
    return [bold(sign(cell.text)) if cell.bold else sign(cell.text) for cell in line]
