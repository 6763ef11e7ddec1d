"""Figure 4: maps of gold and synthetic texts, and what they come to in numbers."""

from __future__ import annotations

from clinsynth.analysis.comparison import Sketch
from clinsynth.reports import figures
from clinsynth.reports.report import Report, lowered
from clinsynth.reports.tables import csv_text
from clinsynth.stages import naming
from clinsynth.stages.analyse import REPORT, SKETCH
from clinsynth.stages.targets import answers, gaps, runs
from clinsynth.stages.targets.asked import Asked

RUNS = True


def make_report(asked: Asked) -> Report:
    """Return the maps."""
    made = Report(asked.target, asked.title)
    made.body.append(
        "The paper sees two distinct patterns, and concludes that the synthetic sentences were not memorised. A map "
        "cannot show that; the numbers below it say more.\n"
    )
    jobs = {answers.identity(job): job for job in asked.jobs()}
    found = runs.finished(asked.ledger, jobs.values())
    sketches = {}
    for key, run in found.items():
        text = asked.ledger.artifact(run.info.run_id, REPORT)
        sketch = asked.ledger.artifact(run.info.run_id, SKETCH)
        if text and sketch:
            made.body.append(lowered(text))
            sketches[naming.corpus_title(jobs[key].settings)] = Sketch.from_json(sketch)
    if sketches:
        made.figure = figures.embedding_maps(sketches)
    made.body.append(gaps.section([job for key, job in jobs.items() if key not in found], asked=asked))
    made.sides["runs.csv"] = csv_text(
        [{"run_key": key[0], "run": run.info.run_id} for key, run in found.items()], heads=["run_key", "run"]
    )
    return made
