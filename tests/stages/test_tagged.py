from __future__ import annotations

import math
import statistics
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.stages.tagged import Arm, by_dataset, collect
from clinsynth.task import Headline

PARAMS = {"dataset": "ncbi", "source": "original", "source.examples": "20", "backbone": "bert", "seed": "0"}


def run(f1: float = 0.5, **params: str) -> Any:
    named = {key.replace("_", "."): value for key, value in params.items()}
    return SimpleNamespace(data=SimpleNamespace(params=PARAMS | named, metrics={"test/f1": f1}))


def names(*runs: Any) -> list[str]:
    return [arm.name for arm in collect(runs, headline=Headline())]


@pytest.mark.parametrize("values", [[0.5], [0.4, 0.6], [0.1, 0.2, 0.6]])
def test_mean_and_deviation_over_seeds(values: list[float]) -> None:
    arm = Arm("mine", [{"test/f1": value} for value in values])
    assert arm.mean("test/f1") == pytest.approx(sum(values) / len(values))
    expected = statistics.stdev(values) if len(values) > 1 else 0.0
    assert arm.deviation("test/f1") == pytest.approx(expected)


def test_runs_without_a_metric_are_left_out_of_its_mean() -> None:
    arm = Arm("mine", [{"a": 1.0}, {"a": 3.0, "b": 7.0}])
    assert (arm.mean("a"), arm.mean("b"), arm.deviation("b")) == (2.0, 7.0, 0.0)
    assert math.isnan(arm.mean("c"))


def test_seeds_are_one_arm() -> None:
    (arm,) = collect([run(0.4, seed="0"), run(0.6, seed="1")], headline=Headline())
    assert arm.name == "original"
    assert arm.mean("test/f1") == 0.5


@pytest.mark.parametrize(
    ("varied", "expected"),
    [
        ([{"source_examples": "20"}, {"source_examples": "null"}], ["20", "all"]),
        ([{"backbone": "bert"}, {"backbone": "roberta"}], ["bert", "roberta"]),
        (
            [{"source": "original", "source_ratio": "null"}, {"source": "augmented", "source_ratio": "0.5"}],
            ["original", "augmented +50%"],
        ),
        (
            [
                {"source": "synthetic", "source_ratio": "null", "size": "n30"},
                {"source": "augmented", "source_ratio": "1", "size": "t160"},
            ],
            ["synthetic n30", "augmented +100%"],
        ),
        (
            [{"source_target": "A2", "quality": "default"}, {"source_target": "null", "quality": "weighted"}],
            ["A2", "weighted"],
        ),
        (
            [{"backbone": "b", "source_examples": "null"}, {"backbone": "a", "source_examples": "20"}],
            ["all b", "20 a"],
        ),
        ([{"seed": "0"}, {"seed": "1"}], ["original"]),
    ],
)
def test_an_arm_is_named_by_what_differs(varied: list[dict[str, str]], expected: list[str]) -> None:
    assert names(*[run(**params) for params in varied]) == expected


def test_arms_are_in_the_order_of_their_first_run() -> None:
    runs = [run(source_examples=examples) for examples in ("60", "20", "60", "null", "20")]
    assert names(*runs) == ["60", "20", "all"]
    assert [len(arm.runs) for arm in collect(runs, headline=Headline())] == [2, 2, 1]


def test_runs_on_rows_that_were_labelled_anew_are_not_compared_with_others() -> None:
    runs = [run(dataset_name="gad"), run(dataset_name="gad", dataset_test="gold")]
    adjudicated = run(dataset_name="gad", dataset_test="adjudicated")
    assert by_dataset([*runs, adjudicated]) == {"gad": runs, "gad, adjudicated": [adjudicated]}


def test_what_a_review_changed_is_an_arm_of_its_own() -> None:
    before, kept, dropped = run(), run(quality_reviewed="keep"), run(quality_reviewed="drop")
    assert names(before, kept) == ["original"]
    assert names(before, dropped) == ["original", "review drop"]


def test_no_runs_are_no_arms() -> None:
    assert collect([], headline=Headline()) == []
