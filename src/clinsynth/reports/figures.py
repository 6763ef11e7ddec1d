"""Figures: labelled axes, colours that colour-blind eyes tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from clinsynth.types import Confusion, Curve, Reliability

if TYPE_CHECKING:  # take seconds
    from matplotlib.figure import Figure

    from clinsynth.analysis.comparison import Sketch  # takes seconds

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#666666"
_COLOURS = (BLUE, ORANGE, GREEN, GREY)
_WIDTH = 36
"""Characters of a name in a line."""


def error_kinds(errors: Mapping[str, int]) -> Figure:
    """Return bars: how many errors there are of each kind."""
    figure = blank_figure(5.0, 3.0)
    axes = figure.subplots()
    bars = axes.bar(list(errors), list(errors.values()), color=list(_COLOURS[: len(errors)]))
    axes.bar_label(bars)
    axes.set_ylabel("errors on the test set")
    axes.margins(y=0.15)
    return figure


def learning_curve(points: Sequence[tuple[float, float, float]], *, x: str, title: str) -> Figure:
    """Return a line through (x, mean F1, standard deviation), in percent, with a band."""
    figure = blank_figure(6.0, 4.0)
    axes = figure.subplots()
    places, means, spreads = (list(column) for column in zip(*sorted(points), strict=True))
    axes.plot(places, means, marker="o", color=BLUE)
    lower = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    upper = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    axes.fill_between(places, lower, upper, color=BLUE, alpha=0.2, linewidth=0)
    for place, mean in zip(places, means, strict=True):
        axes.annotate(f"{mean:.1f}", (place, mean), textcoords="offset points", xytext=(0, 8), ha="center")
    axes.set(xlabel=x, ylabel="F1 on the test set (%)", title=title)
    axes.margins(x=0.08, y=0.2)
    return figure


def score_bars(arms: Sequence[tuple[str, float, float]], *, title: str) -> Figure:
    """Return a bar for each (arm, mean F1, standard deviation), in percent; long names stand in several lines."""
    names = [textwrap.fill(name, _WIDTH) for name, _, _ in arms][::-1]
    further = sum(name.count("\n") for name in names)
    figure = blank_figure(7.0, 0.5 * len(arms) + 0.15 * further + 1.6)
    axes = figure.subplots()
    means = [mean for _, mean, _ in arms][::-1]
    spreads = [spread for _, _, spread in arms][::-1]
    bars = axes.barh(names, means, xerr=spreads if any(spreads) else None, color=BLUE, capsize=3)
    axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.set(xlabel="F1 on the test set (%)", title=title, xlim=(0, 100))
    return figure


def precision_recall(curves: Mapping[str, Curve]) -> Figure:
    """Return the first curve with its marks, and the others as a panel of small ones beside it."""
    first, *others = curves.items()
    columns = 4
    rows = math.ceil(len(others) / columns)
    figure = blank_figure(9.0 if others else 4.0, 3.2 + 1.0 * max(rows - 1, 0))
    left: Any = figure
    if others:
        halves: Any = figure.subfigures(1, 2, width_ratios=(1, 1.6))
        left, right = halves
    axes = left.subplots()
    _curve(axes, first[1])
    for (name, (recall, precision)), marker, colour in zip(first[1].marks.items(), "osD^", _COLOURS[1:], strict=False):
        axes.plot(recall, precision, marker, color=colour, markersize=7, label=name)
    axes.set(xlabel="recall", ylabel="precision", title=first[0])
    if first[1].marks:
        axes.legend(loc="lower left", frameon=False)
    if others:
        panels = right.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
        for panel, (name, curve) in zip(panels, others, strict=False):
            _curve(panel, curve)
            panel.set_title(name, fontsize=9)
        for panel in panels[len(others) :]:
            panel.set_visible(False)
    return figure


def confusion_matrix(confusion: Confusion) -> Figure:
    """Return a square for each class of gold and each that it is taken for: coloured by the share of its row."""
    rows, columns = confusion.labels, confusion.predicted
    figure = blank_figure(1.8 + 0.7 * len(columns), 1.6 + 0.55 * len(rows))
    axes = figure.subplots()
    counts = np.array(confusion.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), number in np.ndenumerate(counts):
        axes.text(
            column, row, str(number), ha="center", va="center", color="white" if shares[row, column] > 0.5 else "black"
        )
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlabel="predicted", ylabel="gold")
    return figure


def reliability(found: Reliability) -> Figure:
    """Return how often spans are right against how sure the model is of them; below, how many there are."""
    figure = blank_figure(4.0, 4.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (2, 2)), linewidth=1)
    upper.plot(found.confidence, found.precision, marker="o", color=BLUE)
    upper.set(xlim=(0, 1.02), ylim=(0, 1.02), ylabel="share that is right")
    upper.set_title(f"expected calibration error {100 * found.error:.1f}%", fontsize=10)
    lower.bar(found.confidence, found.spans, width=0.06, color=BLUE)
    lower.set(xlabel="confidence", ylabel="spans")
    return figure


_MARKS = {"train": (BLUE, "o"), "test": (GREEN, "s"), "synthetic": (ORANGE, "^")}
"""Colour and mark by kind of text, the last one on top."""

_LINES = (
    (("synthetic", "train"), ORANGE, "-"),
    (("synthetic", "test"), ORANGE, "--"),
    (("test", "train"), GREEN, "-."),
)
"""Distances that are drawn, in the colour of the texts that they start from; the last one is the yardstick."""


def embedding_maps(sketches: Mapping[str, Sketch]) -> Figure:
    """Return a row for each, by title: left the texts in the plane, right how far their nearest neighbours are.

    Colours and marks tell where a text is from, so do lines; distances are 1 - cosine.
    """
    figure: Figure = blank_figure(8.5, 4.2 * len(sketches))
    rows: Any = figure.subfigures(len(sketches), 1, squeeze=False)
    for row, (title, sketch) in zip(rows.ravel(), sketches.items(), strict=True):
        row.suptitle(title)
        left, right = row.subplots(1, 2, width_ratios=(1.1, 1))
        _scatter(left, sketch)
        _cumulate(right, sketch)
    return figure


_LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 9, "handletextpad": 0.3, "borderaxespad": 0.3}


def _scatter(axes: Any, sketch: Sketch) -> None:
    size = max(6.0, min(30.0, 6000 / sum(map(len, sketch.map.values()))))
    for kind, (colour, mark) in _MARKS.items():
        if kind in sketch.map:
            name = kind if kind == "synthetic" else f"gold {kind}"
            axes.scatter(
                *sketch.map[kind].T,
                s=size,
                c=colour,
                marker=mark,
                alpha=0.55,
                linewidths=0,
                label=f"{name} ({len(sketch.map[kind])})",
                rasterized=True,  # thousands of shapes make an SVG of megabytes
            )
    axes.set(xlabel="t-SNE, first axis", ylabel="t-SNE, second axis", xticks=[], yticks=[])
    legend = axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.0, **_LEGEND)
    for handle in legend.legend_handles:
        handle.set(alpha=1.0, sizes=[40.0])


def _cumulate(axes: Any, sketch: Sketch) -> None:
    for (kind, other), colour, style in _LINES:
        values = sketch.distances.get((kind, other))
        if values is not None:
            label = f"{kind} to {other} ({np.median(values):.2f})"
            axes.ecdf(values, color=colour, linestyle=style, linewidth=1.8, label=label)
    most = max(float(values.max()) for values in sketch.distances.values())
    axes.set(xlabel="distance to the nearest text (1 − cosine)", ylabel="share of texts")
    axes.set(xlim=(0, max(most, 1.0)), ylim=(0, 1.02))  # nearly always as wide, so that figures compare
    axes.legend(loc="lower right", title="from, to (median)", title_fontsize=9, **_LEGEND)
    axes.grid(alpha=0.3)


def _curve(axes: Any, curve: Curve) -> None:
    axes.step(curve.recall, curve.precision, where="post", color=BLUE)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))


def blank_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
