from __future__ import annotations

from io import BytesIO

import pytest
from matplotlib.figure import Figure

from clinsynth.reports import figures
from clinsynth.types import Confusion, Curve


def written(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer)
    return buffer.getvalue()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_error_kinds_are_bars() -> None:
    figure = figures.error_kinds({"boundary": 3, "missed": 0, "spurious": 7})
    (axes,) = figure.axes
    assert [bar.get_height() for bar in axes.patches] == [3, 0, 7]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["boundary", "missed", "spurious"]
    assert texts(figure) == ["3", "0", "7"]
    assert axes.get_ylabel()
    assert written(figure).startswith(b"\x89PNG")


def test_a_confusion_is_a_square_for_each_pair_of_classes() -> None:
    figure = figures.confusion_matrix(Confusion(("x", "y"), ("x", "y", "no class"), ((3, 0, 1), (0, 0, 0))))
    (axes,) = figure.axes
    assert texts(figure) == ["3", "0", "1", "0", "0", "0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "no class"]
    assert axes.images[0].get_array().tolist() == [[0.75, 0, 0.25], [0, 0, 0]]
    assert written(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("spread", [0.0, 1.5])
def test_arms_are_bars_from_top_to_bottom(spread: float) -> None:
    figure = figures.score_bars([("first", 61.25, spread), ("second", 40.0, spread)], title="main")
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [40.0, 61.25]  # the axis points upwards
    assert [label.get_text() for label in axes.get_yticklabels()] == ["second", "first"]
    assert texts(figure) == ["40.0", "61.2"]
    assert len(axes.collections) == (1 if spread else 0)  # error bars
    assert (axes.get_title(), axes.get_xlim()) == ("main", (0, 100))
    assert "%" in axes.get_xlabel()
    assert written(figure).startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_long_names_of_arms_leave_room_for_the_bars() -> None:
    names = [f"{word} trainer.alike=corpus trainer.abbreviations=true trainer.average=3" * 2 for word in ("a", "b")]
    figure = figures.score_bars([(name, 50.0, 1.0) for name in names], title="main")
    assert written(figure).startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert axes.get_position().width > 0.4


def test_a_learning_curve_is_in_the_order_of_examples() -> None:
    figure = figures.learning_curve([(130, 60.0, 2.0), (30, 40.0, 1.0), (60, 50.0, 0.0)], x="examples", title="demo")
    (axes,) = figure.axes
    (line,) = axes.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([30, 60, 130], [40.0, 50.0, 60.0])
    (band,) = axes.collections
    extents = band.get_paths()[0].get_extents()
    assert (extents.y0, extents.y1) == (39.0, 62.0)
    assert texts(figure) == ["40.0", "50.0", "60.0"]
    assert (axes.get_xlabel(), axes.get_title()) == ("examples", "demo")
    assert written(figure).startswith(b"\x89PNG")


def test_a_curve_of_one_point_is_drawn() -> None:
    assert written(figures.learning_curve([(30, 40.0, 0.0)], x="examples", title="demo"))


CURVE = Curve([1.0, 0.5, 0.0], precision=[0.25, 0.75, 1.0], marks={"threshold 0.5": (0.5, 0.75), "chosen": (1.0, 0.25)})
SMALL = Curve([1.0, 0.0], precision=[0.5, 1.0])


def test_one_precision_recall_curve_with_its_marks() -> None:
    figure = figures.precision_recall({"relations": CURVE})
    (axes,) = figure.axes
    line, first, second = axes.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1.0, 0.5, 0.0], [0.25, 0.75, 1.0])
    assert [(list(mark.get_xdata()), list(mark.get_ydata())) for mark in (first, second)] == [
        *(([0.5], [0.75]), ([1.0], [0.25])),
    ]
    assert len({mark.get_color() for mark in axes.lines}) == 3
    assert len({mark.get_marker() for mark in (first, second)}) == 2
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["threshold 0.5", "chosen"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("recall", "precision", "relations")
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1.02), (0, 1.02))
    assert written(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("others", [1, 4, 7])
def test_further_precision_recall_curves_stand_beside_the_first(others: int) -> None:
    names = [f"A{number}" for number in range(others)]
    figure = figures.precision_recall({"all labels": CURVE} | dict.fromkeys(names, SMALL))
    large, *panels = figure.axes
    assert large.get_title() == "all labels"
    shown = [panel for panel in panels if panel.get_visible()]
    assert [panel.get_title() for panel in shown] == names
    assert len(panels) % 4 == 0
    for panel in shown:
        (line,) = panel.lines
        assert (list(line.get_xdata()), list(line.get_ydata())) == ([1.0, 0.0], [0.5, 1.0])
        assert panel.get_legend() is None
    assert written(figure).startswith(b"\x89PNG")


def test_a_curve_without_marks_has_no_legend() -> None:
    (axes,) = figures.precision_recall({"alone": SMALL}).axes
    assert axes.get_legend() is None
    assert len(axes.lines) == 1
