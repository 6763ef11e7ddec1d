"""Print the runs of a table, or write a table or figure of the papers."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from clinsynth import keys, tasks
from clinsynth.artifacts import ArtifactStore
from clinsynth.config import FigureName, ReportConfig
from clinsynth.errors import ClinsynthError, ConfigError, JobsFailed
from clinsynth.reports import console, figures
from clinsynth.reports.report import Document, rows
from clinsynth.stages import Job, grid, targets
from clinsynth.stages.tagged import Arm, by_dataset, collect
from clinsynth.stages.targets.asked import Asked
from clinsynth.task import Headline
from clinsynth.tracking import Ledger

EXPERIMENT = "reports"
"""MLflow's, for what is written of the papers' tables and figures."""


def main(settings: ReportConfig, *, job: Job) -> None:
    if (settings.table is None) == (settings.target is None):
        raise ConfigError(
            "say what to report: table=<name> for runs that were made with tracking.table=<name>, or target=table7 for "
            "a table of the papers."
        )
    store = ArtifactStore(Path(settings.paths.artifacts))
    ledger = Ledger(settings.tracking, store=store)
    if settings.target is not None:
        grid.check(settings.scale)
        errors = []
        for target in targets.named(settings.target):
            try:
                _report_target(settings, target, ledger=ledger, store=store, job=job)
            except ClinsynthError as error:  # the other targets are not to suffer from it
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise JobsFailed(" ".join(map(str, errors)))
    else:
        _report_tagged(settings, ledger=ledger)


def _report_target(settings: ReportConfig, target: str, *, ledger: Ledger, store: ArtifactStore, job: Job) -> None:
    asked = Asked(target, settings.scale, tuple(settings.overrides), targets.TITLES[target], ledger, store)
    document = targets.kind(target).document(asked)
    places = document.write(Path(settings.to) / settings.scale)
    run_id = _log(document, places, asked=asked, settings=settings, job=job)
    console.show_document(document)
    print("Written: " + ", ".join(map(str, places)))
    print(f"MLflow run: {run_id} (experiment {EXPERIMENT})")


def _log(document: Document, places: list[Path], *, asked: Asked, settings: ReportConfig, job: Job) -> str:
    """A run of its own, with all that was written, but for texts that are not public."""
    tags = job.tags | {"target": asked.target, "scale": asked.scale}
    name = f"{asked.target}-{asked.scale}"
    key = keys.report(name)
    with (
        asked.ledger.claim(key),
        asked.ledger.run(experiment=EXPERIMENT, name=name, run_key=key, description=asked.title, tags=tags) as run,
    ):
        run.params({"target": asked.target, "scale": asked.scale, "overrides": " ".join(asked.overrides)})
        if settings.tracking.may_hold_text(public=document.public):
            for place in places:
                run.file(place)
            for kind, found in document.tables().items():
                run.table(rows(found), f"{asked.target}.{kind or 'scores'}.json")
        return run.id


def _report_tagged(settings: ReportConfig, *, ledger: Ledger) -> None:
    runs = [run for run in ledger.tagged(f"table.{settings.table}", "true") if run.data.tags.get("stage") != "analyse"]
    if not runs:
        raise ConfigError(
            f"no finished run has the tag table.{settings.table}: make some with `clinsynth train "
            f"tracking.table={settings.table} ...`, in the same folder."
        )
    for dataset, found in by_dataset(runs).items():
        title = f"{settings.table}: {dataset}"
        task = found[0].data.params.get("dataset.task")
        judge = tasks.kind(task).judge if task else None
        arms = collect(found, headline=judge.HEADLINE if judge else Headline())
        console.show_arms(title, arms, columns=judge.COLUMNS if judge else {})
        console.show_changes(arms)
        console.show_arm_labels(arms)
        place = Path(settings.to) / f"{settings.table}-{dataset}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        _draw(settings.figure, arms, title=title).savefig(place)
        print(f"\nFigure: {place}\n")
    print("Compare the runs in a browser: make ui")


def _draw(figure: FigureName, arms: list[Arm], *, title: str) -> Figure:
    if figure is FigureName.curve:
        points = [(arm.mean("examples"), *_score(arm)) for arm in arms]
        return figures.learning_curve(points, x="training examples", title=title)
    return figures.score_bars([(arm.name, *_score(arm)) for arm in arms], title=title)


def _score(arm: Arm) -> tuple[float, float]:
    """Mean and deviation of the headline, in percent."""
    metric = arm.headline.metric
    return 100 * arm.mean(metric), 100 * arm.deviation(metric)
