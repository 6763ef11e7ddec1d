"""Figures: labelled axes, colours that colour-blind eyes tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"


def error_kinds(errors: Mapping[str, int]) -> Figure:
    """Bars: how many wrong spans there are of each kind."""
    figure = _figure(5.0, 3.0)
    axes = figure.subplots()
    bars = axes.bar(list(errors), list(errors.values()), color=[BLUE, ORANGE, GREEN][: len(errors)])
    axes.bar_label(bars)
    axes.set_ylabel("errors on the test set")
    axes.margins(y=0.15)
    return figure


def learning_curve(points: Sequence[tuple[float, float, float]], *, x: str, title: str) -> Figure:
    """A line through (x, mean F1, standard deviation), in percent, with a band."""
    figure = _figure(6.0, 4.0)
    axes = figure.subplots()
    places, means, spreads = (list(column) for column in zip(*sorted(points), strict=True))
    axes.plot(places, means, marker="o", color=BLUE)
    lower = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    upper = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    axes.fill_between(places, lower, upper, color=BLUE, alpha=0.2, linewidth=0)
    for place, mean in zip(places, means, strict=True):
        axes.annotate(f"{mean:.1f}", (place, mean), textcoords="offset points", xytext=(0, 8), ha="center")
    axes.set(xlabel=x, ylabel="strict F1 on the test set (%)", title=title)
    axes.margins(x=0.08, y=0.2)
    return figure


def score_bars(arms: Sequence[tuple[str, float, float]], *, title: str) -> Figure:
    """A bar for each (arm, mean F1, standard deviation), in percent."""
    figure = _figure(7.0, 0.5 * len(arms) + 1.6)
    axes = figure.subplots()
    names = [name for name, _, _ in arms][::-1]
    means = [mean for _, mean, _ in arms][::-1]
    spreads = [spread for _, _, spread in arms][::-1]
    bars = axes.barh(names, means, xerr=spreads if any(spreads) else None, color=BLUE, capsize=3)
    axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.set(xlabel="strict F1 on the test set (%)", title=title, xlim=(0, 100))
    return figure


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
