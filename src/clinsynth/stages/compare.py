"""Two finished runs beside each other: scores with a paired test, settings that differ, examples that changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clinsynth import tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import CompareConfig
from clinsynth.errors import ConfigError
from clinsynth.reports.arms import Arm, ScoredRun, difference
from clinsynth.reports.comparing import Compared, Side, changed, show_compared, write_compared
from clinsynth.reports.console import say
from clinsynth.stages import Job
from clinsynth.stages.outcomes import PREDICTIONS
from clinsynth.stages.tagged import logged, test_set
from clinsynth.task import Headline
from clinsynth.tracking import Ledger


def main(settings: CompareConfig, *, job: Job) -> Compared:
    """Run the stage, and return what was compared; raises ConfigError for runs that cannot be."""
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    a, b = (_run(start, ledger=ledger) for start in settings.runs)
    sets = [test_set(run.data.params) for run in (a, b)]
    if len(set(sets)) > 1:
        raise ConfigError(f"the runs were scored on {sets[0]} and on {sets[1]}: scores on other tests say nothing.")
    task = a.data.params.get("dataset.task")
    headline = tasks.kind(task).judge.HEADLINE if task else Headline()
    names = {*a.data.params, *b.data.params}
    one, other = (_side(run, names=names, ledger=ledger) for run in (a, b))
    found = Compared(
        one,
        other,
        headline,
        difference=difference(_arm(other, ledger=ledger), _arm(one, ledger=ledger)),
        changes=changed(one.records, other.records),
    )
    show_compared(found, examples=settings.examples)
    if not (one.records and other.records):
        say("No examples: MLflow holds texts of public datasets alone, or with tracking.log_text=true.")
    page = Path(settings.to) / f"compare-{one.id[:8]}-{other.id[:8]}.html"
    write_compared(page, found)
    say(f"\nAll of it: {page}")
    return found


def _run(start: str, *, ledger: Ledger) -> Any:
    found = ledger.finished_beginning(start)
    if len(found) != 1:
        which = "no finished run" if not found else f"the beginning of {len(found)} runs"
        raise ConfigError(f"{start} is {which} of {ledger.where}. `clinsynth train` names the run when it is done.")
    return found[0]


def _side(run: Any, *, names: Iterable[str], ledger: Ledger) -> Side:
    text = ledger.artifact(run.info.run_id, PREDICTIONS) or ""
    records = [json.loads(line) for line in text.splitlines()]
    told = {name: logged(run.data.params, name) for name in names}
    params = {name: value for name, value in told.items() if value not in (None, "null")}
    return Side(run.info.run_id, run.info.run_name, params, run.data.metrics, records)


def _arm(side: Side, *, ledger: Ledger) -> Arm:
    outcomes = ledger.outcomes(side.id)
    return Arm(side.name, runs=[ScoredRun(side.id, dict(side.metrics), outcomes=outcomes)])
