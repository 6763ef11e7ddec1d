"""Tables of scores: 2, 3, 7, 8, and the one of the criteria."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth import tasks
from clinsynth.papers import claims
from clinsynth.papers import published as paper
from clinsynth.reports import score_tables
from clinsynth.reports.arms import Row
from clinsynth.reports.report import Document
from clinsynth.stages.targets import gaps, runs
from clinsynth.stages.targets.asked import Asked

RUNS = True


def document(asked: Asked) -> Document:
    found = runs.gather(asked)
    made = Document(asked.target, asked.title)
    tables(made, found, asked=asked)
    return made


def tables(made: Document, found: runs.Runs, *, asked: Asked) -> None:
    """The scores by dataset, what they show, what is missing, and which runs they are of."""
    for dataset, rows in found.by_dataset().items():
        caption = f"{asked.target}: {dataset} (scale {asked.scale})"
        table = score_tables.scores(rows, columns=_columns(rows), caption=caption, dataset=dataset)
        made.body += [f"## {dataset}\n", table]
        changes = paper.changes(asked.target)
        if changes:
            made.body.append(score_tables.changes(rows, theirs=changes, caption=f"{caption}, against gold alone"))
    notes = [paper.TEST_SETS] if any(row.published for row in found.rows) else []
    notes += [paper.NOTES[asked.target]] if asked.target in paper.NOTES else []
    made.body.append("".join(f"{note}\n" for note in notes))
    shown = claims.findings(claims.CLAIMS.get(asked.target, ()), found.rows)
    if shown:
        caption = f"{asked.target}: what it shows (scale {asked.scale})"
        made.body += ["## What it shows\n", score_tables.statements(shown, caption=caption), score_tables.READING]
        made.body.append("".join(f"- {text}\n" for text in score_tables.departures(shown)))
    made.body += [gaps.section(found.missing, asked=asked), "---\n", runs.provenance(asked, found.scored)]
    made.sides["runs.csv"] = runs.side_file(found.rows)


def _columns(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Metrics of the task that some row has."""
    found = tasks.kind(rows[0].task).judge.COLUMNS
    return [(name, metric) for name, metric in found.items() if any(row.values(metric) for row in rows)]
