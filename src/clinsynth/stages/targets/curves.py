"""Figures 2 and 3: curves over the size and over the share of units or of the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinsynth.papers.published import SENTENCES, STANDS_FOR, published_scores
from clinsynth.reports.arms import Arm, by_dataset
from clinsynth.reports.curves import Line, Mark, Panel, Point, draw_curves
from clinsynth.reports.report import Report
from clinsynth.stages import naming
from clinsynth.stages.grid import Planned
from clinsynth.stages.targets import runs, scores
from clinsynth.stages.targets.asked import Asked

RUNS = True


@dataclass(frozen=True)
class Axis:
    """The axis that a panel varies: experiments whose grid has the axis `seed_ratio` are of the second one."""

    label: str
    marks: tuple[Mark, ...] = ()


AXES: dict[str, tuple[Axis, Axis]] = {
    "figure2": (Axis("synthetic sentences per unit"), Axis("share of the units (%)")),
    "figure3": (
        Axis("synthetic examples", (Mark("paper: flat from about 3500", 3500),)),
        Axis("share of the pool that prompts show (%)", (Mark("paper: flat from 80", 80),)),
    ),
}
"""With what Tang et al. 2023 read off figure 3; of figure 2 they say nothing in numbers."""


def make_report(asked: Asked) -> Report:
    """Return the curves."""
    found = runs.gather(asked)
    made = Report(asked.target, asked.title)
    panels = _panels(found, target=asked.target)
    made.figure, made.panels = draw_curves(panels) if panels else None, panels
    made.body.append(
        "Bands are one standard deviation over seeds, where there are several. What the paper reads off its figure is "
        "in grey.\n"
    )
    scores.add_tables(made, found, asked=asked)
    return made


def _panels(found: runs.Runs, *, target: str) -> list[Panel]:
    panels = []
    for number, axis in enumerate(AXES[target]):
        lines: dict[str, dict[float, Arm]] = {}
        ticks = set()
        for job, arm in found.by_job:
            if number != _is_share(job) or not arm.facts.get("size"):
                continue
            x = _share(job) if number else float(arm.facts["size"])
            ticks.add(x)
            lines.setdefault(_series(job, found), {})[x] = arm
        if not ticks:  # what the user has chosen leaves nothing to draw here
            continue
        drawn = tuple(line for line in (_line(name, arms) for name, arms in lines.items()) if line.points)
        marks = axis.marks if number else (*axis.marks, *_published(found))
        ticks |= {mark.x for mark in marks}
        panels.append(Panel(axis.label, tuple(sorted(ticks)), drawn, marks, logarithmic=not number))
    return panels


def _is_share(job: Planned) -> bool:
    return any(word.startswith("seed_ratio=") for word in job.overrides)


def _share(job: Planned) -> float:
    return 100 * float(job.settings.seed_ratio.value)


def _series(job: Planned, found: runs.Runs) -> str:
    """Return dataset, annotator and backbone, as far as they tell curves apart."""
    settings = job.settings
    backbones = {arm.backbone for arm in found.arms}
    tested = naming.test_set(settings.dataset.name, test=settings.dataset.test.value)
    parts = [tested, settings.annotator.name if settings.annotator.name != "none" else ""]
    return ", ".join(filter(None, [*parts, settings.backbone.name if len(backbones) > 1 else ""]))


def _line(name: str, arms: Mapping[float, Arm]) -> Line:
    points = []
    for x, arm in arms.items():
        mean, deviation = arm.score, arm.deviation(arm.headline.metric)
        if mean is not None:
            points.append(Point(x, 100 * mean, None if deviation is None else 100 * deviation, _interval(arm)))
    return Line(name, tuple(points))


def _interval(arm: Arm) -> tuple[float, float] | None:
    low, high = arm.mean(arm.headline.low), arm.mean(arm.headline.high)
    return None if low is None or high is None else (100 * low, 100 * high)


def _published(found: runs.Runs) -> list[Mark]:
    """Return marks where table 7 tells what the paper's curves of figure 2 come to at their end."""
    marks = []
    for dataset, arms in by_dataset(found.arms).items():
        size = max(float(arm.facts.get("size") or 0) for arm in arms)
        cell = published_scores("table7", dataset=arms[0].gold, source="synthetic", backbone=STANDS_FOR)
        if cell and size == SENTENCES:
            marks.append(Mark(f"{dataset}, paper (BioBERT)", size, cell["f1"]))
    return marks
