from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure

from clinsynth.analysis.comparison import Sketch
from clinsynth.reports import figures


def sketch(*kinds: str, texts: int = 6) -> Sketch:
    draw = np.random.default_rng(0)
    places = {kind: draw.normal(size=(texts, 2)).astype(np.float32) for kind in kinds}
    pairs = [(kind, other) for kind in kinds for other in kinds if kind != other and other != "synthetic"]
    return Sketch(places, {pair: np.linspace(0.2, 0.6, texts) for pair in pairs})


def written(figure: Figure, kind: str) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format=kind)
    return buffer.getvalue()


def test_kinds_have_colours_and_marks_of_their_own() -> None:
    figure = figures.embedding_maps({"mine": sketch("synthetic", "train", "test")})
    left, right = figure.axes
    assert left.get_legend_handles_labels()[1] == ["gold train (6)", "gold test (6)", "synthetic (6)"]
    assert len({tuple(dots.get_facecolor()[0]) for dots in left.collections}) == 3
    assert len({len(dots.get_paths()[0].vertices) for dots in left.collections}) == 3
    assert all(dots.get_rasterized() for dots in left.collections)
    assert (len(left.get_xticks()), bool(left.get_xlabel()), bool(left.get_ylabel())) == (0, True, True)
    names = right.get_legend_handles_labels()[1]
    assert names == ["synthetic to train (0.40)", "synthetic to test (0.40)", "test to train (0.40)"]
    assert len({line.get_linestyle() for line in right.lines}) == 3
    assert "cosine" in right.get_xlabel()
    assert "share" in right.get_ylabel()
    assert written(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("split", "lines"), [("train", 1), ("test", 1)])
def test_a_split_may_be_absent(split: str, lines: int) -> None:
    left, right = figures.embedding_maps({"mine": sketch("synthetic", split)}).axes
    assert len(left.collections) == 2
    assert len(right.lines) == lines


def test_each_dataset_has_a_row() -> None:
    both = {name: sketch("synthetic", "train", "test") for name in ("one", "two")}
    figure = figures.embedding_maps(both)
    assert len(figure.axes) == 4
    assert [row.get_suptitle() for row in figure.subfigs] == ["one", "two"]


def test_an_svg_of_thousands_of_texts_is_small() -> None:
    figure = figures.embedding_maps({"mine": sketch("synthetic", "train", "test", texts=1000)})
    assert len(written(figure, "svg")) < 1_000_000
