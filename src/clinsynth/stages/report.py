"""Print the runs of a table, or write a table or figure of the papers."""

from __future__ import annotations

import math
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from clinsynth import keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import FigureName, ReportConfig
from clinsynth.errors import ClinsynthError, ConfigError, JobsFailed
from clinsynth.reports import figures
from clinsynth.reports.arms import Arm
from clinsynth.reports.report import Report, show_report
from clinsynth.reports.scores import show_arms, show_differences
from clinsynth.reports.spending import show_costs
from clinsynth.stages import Job, costs, targets
from clinsynth.stages.tagged import by_test_set, tagged_arms
from clinsynth.stages.targets.asked import Asked
from clinsynth.task import Headline
from clinsynth.tracking import VIEW, Ledger
from clinsynth.types import Summary

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure

EXPERIMENT = "reports"
"""MLflow's experiment of what is written of the papers' tables and figures."""

FIRST = "first"
"""What `against` calls the first row."""


def main(settings: ReportConfig, *, job: Job) -> None:
    """Run the stage."""
    told = {"table": settings.table, "sweep": settings.sweep, "runs": settings.runs, "target": settings.target}
    if len([name for name, value in told.items() if value]) != 1:
        raise ConfigError(
            "say what to report: table=<name> for runs that were made with tracking.table=<name>, sweep=<folder> for "
            "the jobs of a sweep, runs=[<id>,<id>] for runs of MLflow, or target=table7 for a table of the papers."
        )
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    if settings.target is None:
        _report_runs(settings, ledger=ledger, store=store)
        return
    errors = []
    for target in targets.named(settings.target):
        asked = Asked(target, settings.scale, tuple(settings.overrides), targets.TITLES[target], ledger, store)
        try:
            _report_target(asked, settings=settings, job=job)
        except ClinsynthError as error:  # the other targets are not to suffer from it
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise JobsFailed(" ".join(map(str, errors)))


def _report_target(asked: Asked, *, settings: ReportConfig, job: Job) -> None:
    report = targets.kind(asked.target).make_report(asked)
    places = report.write(Path(settings.to) / settings.scale)
    run_id = _log(report, places, asked=asked, settings=settings, job=job)
    show_report(report)
    print("Written: " + ", ".join(map(str, places)))
    print(f"MLflow run: {run_id} (experiment {EXPERIMENT})")


def _log(report: Report, places: list[Path], *, asked: Asked, settings: ReportConfig, job: Job) -> str:
    """Log a run with all that was written, but for texts that are not public; return its id."""
    tags = job.tags | {"target": asked.target, "scale": asked.scale}
    name = f"{asked.target}-{asked.scale}"
    key = keys.report(name)
    with (
        asked.ledger.claim(key),
        asked.ledger.run(experiment=EXPERIMENT, name=name, run_key=key, description=asked.title, tags=tags) as run,
    ):
        run.params({"target": asked.target, "scale": asked.scale, "overrides": " ".join(asked.overrides)})
        if settings.tracking.may_hold_text(public=report.public):
            for place in places:
                run.file(place)
            for kind, rows in report.rows().items():
                run.table(rows, f"{asked.target}.{kind or 'scores'}.json")
        return run.id


def _report_runs(settings: ReportConfig, *, ledger: Ledger, store: ArtifactStore) -> None:
    name, found = _named_runs(settings, ledger=ledger)
    runs = [run for run in found if run.data.tags.get("stage") != "analyse"]
    if not runs:
        raise ConfigError(_none_found(settings))
    for dataset, found in by_test_set(runs).items():
        title = f"{name}: {dataset}"
        task = found[0].data.params.get("dataset.task")
        judge = tasks.kind(task).judge if task else None
        arms = tagged_arms(found, headline=judge.HEADLINE if judge else Headline())
        show_arms(title, arms, columns=judge.COLUMNS if judge else {})
        if settings.against:
            show_differences(arms, _named_arm(arms, settings.against), outcomes=ledger.outcomes)
        show_costs(costs.table_of(arms, store=store))
        place = Path(settings.to) / f"{name}-{dataset}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        _draw(settings.figure, arms, title=title).savefig(place)
        print(f"\nFigure: {place}\n")
    print(f"Compare the runs in a browser: {_in_browser(ledger, experiment=runs[0].info.experiment_id)}")


def _named_arm(arms: list[Arm], name: str) -> Arm:
    found = arms[:1] if name == FIRST else [arm for arm in arms if any(run.id.startswith(name) for run in arm.runs)]
    if len(found) != 1:
        rows = "; ".join(f"{arm.title}: {', '.join(run.id[:6] for run in arm.runs)}" for arm in arms)
        raise ConfigError(
            f"against={name} is of {len(found)} rows, and has to be of one: {FIRST}, or a run of it, as its id begins. "
            f"There are {rows}."
        )
    return found[0]


def _named_runs(settings: ReportConfig, *, ledger: Ledger) -> tuple[str, list[Any]]:
    """Return a name for what is reported, and MLflow's finished runs of it."""
    if settings.table:
        return settings.table, ledger.tagged(f"table.{settings.table}", "true")
    starts = settings.runs
    if settings.sweep:
        places = sorted(Path(settings.sweep).expanduser().rglob("summary.json"))
        starts = [Summary.read(place).run_id for place in places]
    found = {run.info.run_id: run for start in starts for run in ledger.finished_beginning(start)}
    return Path(settings.sweep).name if settings.sweep else "runs", list(found.values())


def _in_browser(ledger: Ledger, *, experiment: str) -> str:
    """Return how the runs are seen in a browser, scores first: a file needs a server of its own."""
    page = f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"
    if ledger.where.startswith("http"):
        return f"{ledger.where.rstrip('/')}/{page}"
    return f"mlflow ui --backend-store-uri {quote(ledger.where)}\nthen http://127.0.0.1:5000/{page}"


def _none_found(settings: ReportConfig) -> str:
    if settings.sweep:
        return f"no job of a sweep in {settings.sweep} has finished: name a folder such as multirun/train/<when>."
    if settings.runs:
        return f"runs={','.join(settings.runs)}: no finished run has such an id; a job prints it as its MLflow run."
    return (
        f"no finished run has the tag table.{settings.table}: make some with `clinsynth train "
        f"tracking.table={settings.table} ...`, in the same folder. Runs without a table are reported as "
        "sweep=<folder> or runs=[<id>,<id>]."
    )


def _draw(figure: FigureName, arms: list[Arm], *, title: str) -> Figure:
    if figure is FigureName.curve:
        points = [(_or_nan(arm.mean("examples")), *_percent(arm)) for arm in arms]
        return figures.learning_curve(points, x="training examples", title=title)
    return figures.score_bars([(arm.title, *_percent(arm)) for arm in arms], title=title)


def _percent(arm: Arm) -> tuple[float, float]:
    """Return mean and deviation of the headline, in percent."""
    return 100 * _or_nan(arm.score), 100 * (arm.deviation(arm.headline.metric) or 0.0)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
