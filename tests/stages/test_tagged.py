from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from clinsynth.stages.tagged import by_test_set, tagged_arms
from clinsynth.task import Headline

PARAMS = {"dataset": "ncbi", "source": "original", "source.examples": "20", "backbone": "bert", "seed": "0"}


NUMBERS = itertools.count()


def run(f1: float = 0.5, **params: str) -> Any:
    named = {key.replace("_", "."): value for key, value in params.items()}
    return SimpleNamespace(
        info=SimpleNamespace(run_id=f"run{next(NUMBERS)}"),
        data=SimpleNamespace(params=PARAMS | named, metrics={"test/f1": f1}, tags={}),
    )


def names(*runs: Any) -> list[str]:
    return [arm.title for arm in tagged_arms(runs, headline=Headline())]


def test_seeds_are_one_arm() -> None:
    (arm,) = tagged_arms([run(0.4, seed="0"), run(0.6, seed="1")], headline=Headline())
    assert arm.name == "original"
    assert arm.mean("test/f1") == 0.5


def test_a_model_that_had_feedback_is_named_so() -> None:
    first, second = run(llm="recorded"), run(llm="local", distill_objective="best")
    assert names(first, second) == ["recorded", "distilled best local"]


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
        (
            [{"source_corpora": "['3f2a91c07d11', '9b41']"}, {"source_corpora": "null"}],
            ["3f2a91+9b41", "original"],
        ),
        (
            [{"trainer_epochs": "3"}, {"trainer_epochs": "3", "trainer_loss": "generalised"}],
            ["original", "original trainer.loss=generalised"],
        ),
        (
            [{"trainer_epochs": "3"} | more for more in ({"trainer_alike": "x"}, {}, {"trainer_thresholds": "True"})],
            ["original trainer.alike=x", "original", "original trainer.thresholds=true"],
        ),
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


def test_every_setting_that_differs_is_named() -> None:
    runs = [run(backbone_lr=lr, seed=seed) for lr in ("1e-05", "0.001") for seed in ("0", "1")]
    assert names(*runs) == ["original backbone.lr=1e-05", "original backbone.lr=0.001"]
    assert [len(arm.runs) for arm in tagged_arms(runs, headline=Headline())] == [2, 2]
    both = names(run(size="n5", backbone_lr="1e-05"), run(size="n10", backbone_lr="0.001"))
    assert both == ["n5 backbone.lr=1e-05", "n10 backbone.lr=0.001"]


def test_what_goes_by_an_option_is_not_named_beside_it() -> None:
    bert = {"backbone": "bert", "backbone_lr": "5e-05", "trainer": "default", "trainer_epochs": "5"}
    roberta = {"backbone": "roberta", "backbone_lr": "1e-05", "trainer": "fast", "trainer_epochs": "2"}
    assert names(run(**bert), run(**roberta)) == ["bert trainer=default", "roberta trainer=fast"]


def test_what_goes_by_the_material_is_not_named_beside_it() -> None:
    written = {"material": "written", "size": "n10", "quality_unit": "True", "annotator": "llm"}
    real = {"material": "texts", "size": "all", "quality_unit": "False", "annotator": "model"}
    both = run(source="synthetic", **written), run(source="synthetic", **real)
    assert names(*both) == ["n10 llm", "texts model"]
    odd = run(source="synthetic", **real | {"quality_unit": "True"})
    assert names(*both, odd)[1:] == ["texts model quality.unit=false", "texts model quality.unit=true"]


def test_what_a_task_proposes_tells_twins_apart_alone() -> None:
    gold, one = run(source="original"), run(source="synthetic", dataset_mix_none="24")
    assert names(gold, one) == ["original", "synthetic"]
    other = run(source="synthetic", dataset_mix_none="3")
    assert names(gold, one, other) == ["original", "synthetic dataset.mix.none=24", "synthetic dataset.mix.none=3"]


def test_what_changes_no_result_names_no_arm() -> None:
    one, other = run(llm_concurrency="8", size="n5"), run(llm_concurrency="16", size="n10")
    assert names(one, other) == ["n5", "n10"]


def test_what_is_not_set_is_told_from_a_value() -> None:
    """A param that is null is not logged; a run on gold alone has none of the LLM."""
    sampled, usual = run(llm_top="0.5", llm_model="m"), run(llm_model="m")
    assert names(sampled, usual, run(source="original")) == [
        "original llm.top=0.5",
        "original llm.top=null",
        "original",
    ]


def test_of_a_job_that_was_run_again_the_last_run_counts() -> None:
    first, again = (run(f1) for f1 in (0.2, 0.4))
    for one in (first, again):
        one.data.tags |= {"run_key": "k0", "arm_key": "k0"}
    (arm,) = tagged_arms([first, again], headline=Headline())
    assert arm.values("test/f1") == [0.4]


def test_recordings_of_other_llms_and_other_corpora_are_other_arms() -> None:
    runs = [run(), run(), run()]
    for one, model, corpus in zip(runs, ("gpt", "llama", "llama"), ("c1", "c2", "c3"), strict=True):
        one.data.tags |= {"run_key": "k0", "arm_key": "k0", "corpus": corpus}
        one.data.params["llm.answered_by"] = model
    assert names(*runs) == ["gpt", "llama (corpus c2)", "llama (corpus c3)"]


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
