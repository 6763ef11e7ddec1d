"""Curves as the geometry of an SVG, which a page draws, and in which each point tells its score and its intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinsynth.reports.curves import Line, Mark, Panel, Point, limits

WIDTH, HEIGHT = 560, 360
LEFT, RIGHT, TOP, BOTTOM = 52, 544, 12, 312
"""The box of the axes, in the units of the SVG, whose y points down."""

STYLES = 7
"""Colours and dashes of a page's stylesheet: `s0` to `s6`."""

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    text: str
    """All that is to be said of it."""
    whisker: tuple[float, float] | None
    """Ends of the interval over test examples; `None` where it is not known."""


@dataclass(frozen=True)
class Curve:
    name: str
    style: int
    path: str
    band: str
    """The points of a polygon: one standard deviation over seeds; empty where there is one seed."""
    dots: Sequence[Dot]


@dataclass(frozen=True)
class Reading:
    """A mark of the paper: a dot, or a line from top to bottom where it has no y."""

    text: str
    x: float
    y: float | None


@dataclass(frozen=True)
class Chart:
    """A panel, laid out."""

    label: str
    """Of the axis below."""
    ticks: Sequence[tuple[float, str]]
    grid: Sequence[tuple[float, str]]
    curves: Sequence[Curve]
    readings: Sequence[Reading]


def charts(panels: Sequence[Panel]) -> list[Chart]:
    """Return the panels with one scale of scores and one style for each name in all of them."""
    low, high = limits(panels)
    y = _linear((low, high), (BOTTOM, TOP))
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    step = next(step for step in (1, 2, 5, 10, 20) if high - low <= 8 * step)
    grid = [(y(value), str(value)) for value in range(math.ceil(low / step) * step, math.floor(high) + 1, step)]
    return [_chart(panel, y=y, names=names, grid=grid) for panel in panels]


def _chart(panel: Panel, *, y: Scale, names: Sequence[str], grid: Sequence[tuple[float, str]]) -> Chart:
    x = _across(panel)
    curves = [_curve(line, x=x, y=y, label=panel.x, style=names.index(line.name) % STYLES) for line in panel.lines]
    readings = [_reading(mark, x=x, y=y) for mark in panel.marks]
    return Chart(panel.x, [(x(tick), f"{tick:g}") for tick in panel.ticks], grid, curves, readings)


def _across(panel: Panel) -> Scale:
    if not panel.logarithmic:
        return _linear((0, panel.ticks[-1] * 1.05), (LEFT, RIGHT))
    scale = _linear((math.log(panel.ticks[0] / 1.3), math.log(panel.ticks[-1] * 1.3)), (LEFT, RIGHT))
    return lambda value: scale(math.log(value))


def _linear(values: tuple[float, float], places: tuple[float, float]) -> Scale:
    slope = (places[1] - places[0]) / (values[1] - values[0])
    return lambda value: round(places[0] + slope * (value - values[0]), 1)


def _curve(line: Line, *, x: Scale, y: Scale, label: str, style: int) -> Curve:
    points = sorted(line.points, key=lambda point: point.x)
    spread = [(x(point.x), point.mean, point.deviation) for point in points if point.deviation is not None]
    upper = [f"{at},{y(mean + deviation)}" for at, mean, deviation in spread]
    lower = [f"{at},{y(mean - deviation)}" for at, mean, deviation in reversed(spread)]
    path = "M" + "L".join(f"{x(point.x)},{y(point.mean)}" for point in points)
    dots = [_dot(point, x=x, y=y, name=line.name, label=label) for point in points]
    return Curve(line.name, style, path, " ".join([*upper, *lower]), dots)


def _dot(point: Point, *, x: Scale, y: Scale, name: str, label: str) -> Dot:
    text = f"{name}, {label} {point.x:g}: {point.mean:.1f}"
    text += "" if point.deviation is None else f" ± {point.deviation:.1f} over seeds"
    if point.interval is None:
        return Dot(x(point.x), y(point.mean), text, None)
    low, high = point.interval
    text += f"; 95% interval over test examples {low:.1f} to {high:.1f}"
    return Dot(x(point.x), y(point.mean), text, (y(low), y(high)))


def _reading(mark: Mark, *, x: Scale, y: Scale) -> Reading:
    return Reading(mark.text, x(mark.x), None if mark.y is None else y(mark.y))
