"""Curves of F1 against the amount of synthetic text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinsynth.reports.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, blank_figure

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure

STYLES = (
    *((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":")),
    *(("#000000", "v", "-"), ("#E69F00", "P", "--"), ("#56B4E9", "X", "-.")),
)
"""Colour, marker and line of each curve: colour or marker alone tells them apart."""

STARS = ("*", "p", "h")
"""Markers of the paper's scores."""


@dataclass(frozen=True)
class Point:
    x: float
    mean: float
    """F1 in percent, as all below."""
    deviation: float | None
    """Standard deviation over seeds; `None` for a single run."""
    interval: tuple[float, float] | None = None
    """95% interval over test examples, where the runs say it."""


@dataclass(frozen=True)
class Line:
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Mark:
    """A reading of the paper off its own curve: a place from which on it is flat, or a score at a place."""

    text: str
    x: float
    y: float | None = None


@dataclass(frozen=True)
class Panel:
    x: str
    """Label of the axis."""
    ticks: tuple[float, ...]
    """Places that jobs were planned for, whether they have runs or not."""
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    logarithmic: bool = False


def draw_curves(panels: Sequence[Panel]) -> Figure:
    """Return the panels side by side, with a band of one standard deviation, the paper's readings in grey."""
    figure = blank_figure(5.2 * len(panels), 4.2)
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    for axis, panel in zip(axes, panels, strict=True):
        _panel(axis, panel, names=names)
    axes[0].set_ylabel("F1 on the test set (%)")
    axes[0].set_ylim(*limits(panels))
    return figure


def limits(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return room around all points and their bands, as far as F1 goes."""
    points = [point for panel in panels for line in panel.lines for point in line.points]
    ends = [point.mean + sign * (point.deviation or 0) for point in points for sign in (-1, 1)]
    ends += [mark.y for panel in panels for mark in panel.marks if mark.y is not None]
    if not ends:
        return 0.0, 100.0
    room = 0.1 * (max(ends) - min(ends)) + 2
    return max(0.0, min(ends) - room), min(100.0, max(ends) + room)


def _panel(axis: Any, panel: Panel, *, names: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    for line in panel.lines:
        colour, marker, style = STYLES[names.index(line.name) % len(STYLES)]
        _line(axis, line, colour=colour, marker=marker, style=style)
    for number, mark in enumerate(panel.marks):
        _mark(axis, mark, star=STARS[number % len(STARS)])
    if panel.logarithmic:
        axis.set_xscale("log")
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xlim(panel.ticks[0] / 1.3, panel.ticks[-1] * 1.3)
    else:
        axis.set_xlim(0, panel.ticks[-1] * 1.05)
    axis.set_xticks(panel.ticks)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_xlabel(panel.x)
    axis.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    if not panel.lines:
        axis.text(0.5, 0.5, "no runs yet", transform=axis.transAxes, ha="center", color=GREY)
    else:
        axis.legend(frameon=False, fontsize=8, loc="best")


def _line(axis: Any, line: Line, *, colour: str, marker: str, style: str) -> None:
    points = sorted(line.points, key=lambda point: point.x)
    xs, means = [point.x for point in points], [point.mean for point in points]
    axis.plot(xs, means, color=colour, marker=marker, linestyle=style, label=line.name)
    spread = [(point.x, point.mean, point.deviation) for point in points if point.deviation is not None]
    axis.fill_between(
        [x for x, _, _ in spread],
        [mean - deviation for _, mean, deviation in spread],
        [mean + deviation for _, mean, deviation in spread],
        color=colour,
        alpha=0.18,
        linewidth=0,
    )


def _mark(axis: Any, mark: Mark, *, star: str) -> None:
    if mark.y is None:
        axis.axvline(mark.x, color=GREY, linestyle=(0, (2, 2)), linewidth=1)
        place = axis.get_xaxis_transform()
        axis.annotate(
            mark.text, (mark.x, 0.02), xycoords=place, xytext=(-3, 0), textcoords="offset points",
            rotation=90, ha="right", va="bottom", fontsize=7.5, color=GREY,
        )  # fmt: skip
    else:
        axis.plot([mark.x], [mark.y], marker=star, color=GREY, markersize=11, linestyle="none", label=mark.text)
