"""Tables of scores: 2, 3, 7, 8, and the one of the criteria."""

from __future__ import annotations

from collections.abc import Sequence

from clinsynth import tasks
from clinsynth.papers import findings
from clinsynth.papers.claims import claims_of
from clinsynth.papers.published import NOTES, TEST_SETS, published_figures, published_heading
from clinsynth.reports.adjudication import adjudication_text, of_metrics
from clinsynth.reports.arms import Arm, by_dataset
from clinsynth.reports.report import Report
from clinsynth.reports.scores import score_table
from clinsynth.stages import costs
from clinsynth.stages.targets import gaps, runs, samples
from clinsynth.stages.targets.asked import Asked

RUNS = True


def make_report(asked: Asked) -> Report:
    """Return the table."""
    made = Report(asked.target, asked.title)
    add_tables(made, runs.gather(asked), asked=asked)
    return made


def add_tables(made: Report, found: runs.Runs, *, asked: Asked) -> None:
    """Add to a report the scores by dataset, what they show, what is missing, and which runs they are of."""
    for dataset, arms in by_dataset(found.arms).items():
        caption = f"{asked.target}: {dataset} (scale {asked.scale})"
        metrics = tasks.kind(arms[0].task).judge.COLUMNS
        columns = {name: metric for name, metric in metrics.items() if any(arm.values(metric) for arm in arms)}
        heading = published_heading(arms)
        table = score_table(arms, columns=columns, caption=caption, dataset=dataset, published=heading)
        changes = findings.changes_beside_paper(arms, target=asked.target, caption=caption)
        cost = costs.table_of(arms, store=asked.store)
        made.body += [f"## {dataset}\n", *_labelled(arms), table, *(found for found in (changes, cost) if found)]
    figures = published_figures(asked.target, found.arms)
    made.body += ["## The paper\n", figures] if figures else []
    notes = [TEST_SETS] if any(arm.published for arm in found.arms) else []
    notes += [NOTES[asked.target]] if asked.target in NOTES else []
    made.body.append("".join(f"{note}\n" for note in notes))
    shown = findings.findings(claims_of(asked.target), found.arms)
    if shown:
        caption = f"{asked.target}: what it shows (scale {asked.scale})"
        made.body += ["## What it shows\n", findings.finding_table(shown, caption=caption), findings.READING]
        made.body.append("".join(f"- {text}\n" for text in findings.departures(shown)))
    made.body += [gaps.section(found.missing, asked=asked), "---\n", runs.provenance(asked, found.scored)]
    made.sides["runs.csv"] = runs.side_file(found.arms)
    made.samples = samples.learnt_from(found, asked=asked)


def _labelled(arms: Sequence[Arm]) -> list[str]:
    """Return a paragraph on a test set whose labels come with the project."""
    metrics = next((run.metrics for arm in arms for run in arm.runs), {})
    labels = of_metrics(metrics)
    if labels is None:
        return []
    told = adjudication_text(labels)
    return [f"{told[0].upper()}{told[1:]}. They and the writer of the synthetic text are of one family of LLMs.\n"]
