from __future__ import annotations

import pytest

from clinsynth.reports.curves import Line, Mark, Panel, Point, draw_curves

SEED = Line("ncbi_disease, seed", (Point(30, 47.0, 1.0), Point(1, 30.0, 2.0), Point(10, 45.0, None)))
LLM = Line("ncbi_disease, llm", (Point(1, 40.0, None),))


def test_points_are_joined_in_order_with_a_band_where_there_are_several_seeds() -> None:
    figure = draw_curves([Panel("sentences", (1.0, 10.0, 30.0), (SEED,), logarithmic=True)])
    (axis,) = figure.axes
    (line,) = axis.lines
    assert line.get_xydata().tolist() == [[1, 30], [10, 45], [30, 47]]
    (band,) = axis.collections
    assert sorted(set(band.get_paths()[0].vertices[:, 1])) == pytest.approx([28, 32, 46, 48])
    assert axis.get_xscale() == "log"
    assert axis.get_xticks().tolist() == [1, 10, 30]
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("sentences", "F1 on the test set (%)")


def test_a_curve_looks_the_same_in_every_panel_and_unlike_the_others() -> None:
    figure = draw_curves([Panel("a", (1.0,), (SEED, LLM)), Panel("b", (1.0,), (LLM,))])
    looks = [
        [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axis.lines] for axis in figure.axes
    ]
    assert looks[0][1] == looks[1][0]
    assert all(one != other for one, other in zip(*looks[0], strict=True))


def test_the_papers_readings_are_marked() -> None:
    marks = (Mark("flat from 80", 80.0), Mark("table 7", 30.0, 51.5))
    (axis,) = draw_curves([Panel("a", (10.0,), (LLM,), marks)]).axes
    assert [text.get_text() for text in axis.texts] == ["flat from 80"]
    assert axis.lines[-1].get_xydata().tolist() == [[30.0, 51.5]]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["ncbi_disease, llm", "table 7"]


def test_a_panel_without_runs_says_so() -> None:
    (axis,) = draw_curves([Panel("a", (10.0,), ())]).axes
    assert axis.texts[0].get_text() == "no runs yet"
