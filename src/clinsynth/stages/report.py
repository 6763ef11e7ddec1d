"""Print the runs of a table and draw its figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from clinsynth.artifacts import ArtifactStore
from clinsynth.config import FigureName, ReportConfig
from clinsynth.errors import ConfigError
from clinsynth.reports import figures, tables
from clinsynth.reports.arms import Arm, by_dataset, collect
from clinsynth.stages import Job, targets
from clinsynth.tasks.base import config_room
from clinsynth.tracking import Ledger


def main(settings: ReportConfig, *, job: Job) -> None:
    if (settings.table is None) == (settings.target is None):
        raise ConfigError(
            "say what to report: table=<name> for runs that were made with tracking.table=<name>, or target=table7 for "
            "a table of the papers."
        )
    ledger = Ledger(settings.tracking, store=ArtifactStore(Path(settings.paths.artifacts)))
    if settings.target is not None:
        _report_target(settings, ledger=ledger)
    else:
        _report_tagged(settings, ledger=ledger)


def _report_target(settings: ReportConfig, *, ledger: Ledger) -> None:
    target = targets.gather(settings, ledger=ledger)
    places = targets.write(target, folder=Path(settings.to) / settings.scale)
    print(places[0].read_text(encoding="utf-8"))
    print("Written: " + ", ".join(map(str, places)))


def _report_tagged(settings: ReportConfig, *, ledger: Ledger) -> None:
    runs = ledger.tagged(f"table.{settings.table}", "true")
    if not runs:
        raise ConfigError(
            f"no finished run has the tag table.{settings.table}: make some with `clinsynth train "
            f"tracking.table={settings.table} ...`, in the same folder."
        )
    for dataset, found in by_dataset(runs).items():
        title = f"{settings.table}: {dataset}"
        arms = collect(found)
        task = found[0].data.params.get("dataset.task")
        columns = config_room(task).COLUMNS if task else {}
        tables.show_arms(title, arms, columns=columns)
        tables.show_changes(arms)
        tables.show_arm_labels(arms)
        place = Path(settings.to) / f"{settings.table}-{dataset}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        _draw(settings.figure, arms, title=title).savefig(place)
        print(f"\nFigure: {place}\n")
    print("Compare the runs in a browser: make ui")


def _draw(figure: FigureName, arms: list[Arm], *, title: str) -> Figure:
    if figure is FigureName.curve:
        points = [(arm.mean("examples"), 100 * arm.mean("test/f1"), 100 * arm.deviation("test/f1")) for arm in arms]
        return figures.learning_curve(points, x="training examples", title=title)
    bars = [(arm.name, 100 * arm.mean("test/f1"), 100 * arm.deviation("test/f1")) for arm in arms]
    return figures.score_bars(bars, title=title)
