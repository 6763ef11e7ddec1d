"""Figures of what gives something away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from clinsynth.analysis.membership import Attack
from clinsynth.analysis.watermarks import EDITED, LEVEL, Rate
from clinsynth.reports.figures import BLUE, GREEN, GREY, ORANGE, blank_figure
from clinsynth.types import Reliability

if TYPE_CHECKING:  # takes a second
    from matplotlib.figure import Figure

_STYLES = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."))


def detection_rates(lengths: Sequence[Rate], edits: Mapping[str, Sequence[Rate]]) -> Figure:
    """Return how often a mark is found: left against the length of texts, right against how much was edited."""
    figure = blank_figure(9.0, 3.8)
    left, right = figure.subplots(1, 2, sharey=True)
    _rates(left, "this key", lengths, style=_STYLES[0])
    false = [100 * rate.false for rate in lengths]
    left.plot([rate.x for rate in lengths], false, "x:", color=GREY, label="other keys")
    left.set(xlabel="pairs of tokens", ylabel="taken for marked (%)", xscale="log", ylim=(-3, 103))
    for (name, rates), style in zip(edits.items(), _STYLES, strict=False):
        _rates(right, name, rates, style=style)
    right.set(xlabel=f"edited (%), of pieces of {EDITED} pairs")
    for axes in (left, right):
        axes.axhline(100 * LEVEL, color=GREY, linewidth=0.8)
        axes.grid(alpha=0.3)
        if axes.lines[1:]:
            axes.legend(frameon=False, fontsize=8)
    return figure


def roc_curves(attacks: Mapping[str, Attack]) -> Figure:
    """Return how many members are found against how many others are taken for some, both logarithmic.

    What happens at few false positives is the worst case, and hardly seen on linear axes (Carlini et al. 2022).
    """
    figure = blank_figure(4.6, 4.2)
    axes = figure.subplots()
    least = 0.5 / max(max(len(attack.others), len(attack.members)) for attack in attacks.values())
    for (name, attack), (colour, _, line) in zip(attacks.items(), _STYLES, strict=False):
        false, true = attack.roc()
        label = f"{name} (AUC {attack.auc:.2f})"
        axes.plot(np.maximum(false, least), np.maximum(true, least), linestyle=line, color=colour, label=label)
    axes.plot([least, 1], [least, 1], color=GREY, linewidth=0.8, label="guessing")
    axes.set(xscale="log", yscale="log", xlim=(least, 1), ylim=(least, 1.1))
    axes.set(xlabel="others taken for members", ylabel="members found")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.grid(alpha=0.3)
    return figure


def reliabilities(found: Mapping[str, Reliability]) -> Figure:
    """Return how often texts are synthetic against how sure a detector is of it; it knows when both are the same."""
    figure = blank_figure(4.4, 4.0)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    for (name, one), (colour, marker, line) in zip(found.items(), _STYLES, strict=False):
        label = f"{name} (calibration error {100 * one.error:.1f}%)"
        axes.plot(one.confidence, one.precision, marker=marker, linestyle=line, color=colour, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="how sure it is", ylabel="share that is synthetic")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _rates(axes: Any, name: str, rates: Sequence[Rate], *, style: tuple[str, str, str]) -> None:
    colour, marker, line = style
    scale = 1 if rates and rates[-1].x > 1 else 100
    places = [scale * rate.x for rate in rates]
    axes.plot(places, [100 * rate.found for rate in rates], marker=marker, linestyle=line, color=colour, label=name)
