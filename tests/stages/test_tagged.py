from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.stages.tagged import by_test_set, tagged_arms
from clinsynth.task import Headline

PARAMS = {"dataset": "ncbi", "source": "original", "source.examples": "20", "backbone": "bert", "seed": "0"}


def run(f1: float = 0.5, **params: str) -> Any:
    named = {key.replace("_", "."): value for key, value in params.items()}
    return SimpleNamespace(
        info=SimpleNamespace(run_id="r"), data=SimpleNamespace(params=PARAMS | named, metrics={"test/f1": f1})
    )


def names(*runs: Any) -> list[str]:
    return [arm.title for arm in tagged_arms(runs, headline=Headline())]


def test_seeds_are_one_arm() -> None:
    (arm,) = tagged_arms([run(0.4, seed="0"), run(0.6, seed="1")], headline=Headline())
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
    assert [len(arm.runs) for arm in tagged_arms(runs, headline=Headline())] == [2, 2, 1]


def test_runs_on_rows_that_were_labelled_anew_are_not_compared_with_others() -> None:
    runs = [run(dataset_name="gad"), run(dataset_name="gad", dataset_test="gold")]
    adjudicated = run(dataset_name="gad", dataset_test="adjudicated")
    assert by_test_set([*runs, adjudicated]) == {"gad": runs, "gad, adjudicated": [adjudicated]}


def test_what_a_review_changed_is_an_arm_of_its_own() -> None:
    before, kept, dropped = run(), run(quality_reviewed="keep"), run(quality_reviewed="drop")
    assert names(before, kept) == ["original"]
    assert names(before, dropped) == ["original", "review drop"]


def test_an_arm_on_a_part_of_the_test_set_says_so() -> None:
    whole, part = run(), run()
    part.data.metrics |= {"answers/found": 100.0, "answers/missing": 840.0}
    assert names(whole, part, part) == ["original", "original (100 of 940)"]
    assert [arm.source for arm in tagged_arms([run(source_examples="null"), run()], headline=Headline())] == [
        "original",
        "",
    ]


def test_no_runs_are_no_arms() -> None:
    assert tagged_arms([], headline=Headline()) == []
