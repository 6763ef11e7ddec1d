"""Grids of the papers' tables and figures."""

from __future__ import annotations

import pytest

from clinsynth.config import grids
from clinsynth.errors import ConfigError
from clinsynth.stages.overrides import combinations


def test_a_grid_is_an_experiment_of_its_target_and_scale() -> None:
    assert grids.experiments("table3", scale="mini") == ["train/mini/table3_original", "zero_shot/mini/table3"]
    found = grids.grid("train/paper/table8_augmented")
    assert (found.stage, found.target) == ("train", "table8")
    assert found.params()["source.examples"] == "400,null"
    assert found.experiment() == {
        "defaults": [{"override /llm": "chatgpt"}],
        "hydra": {"mode": "MULTIRUN", "sweeper": {"params": found.params()}},
        "trainer": {"save_model": False},
        "tracking": {"table": "table8"},
    }


def test_settings_of_a_grid_are_those_of_its_experiment() -> None:
    found = grids.grid("train/smoke/table7").experiment()
    assert found["trainer"] == {"epochs": 3, "min_steps": 0, "save_model": False}
    assert found["backbone"]["lr"] == 5e-4


def test_only_what_leaves_a_run_is_tagged_and_only_what_trains_has_a_trainer() -> None:
    for name in grids.all_experiments():
        found, stage = grids.grid(name).experiment(), name.partition("/")[0]
        assert ("tracking" in found) is (stage != "generate")
        assert ("trainer" in found) is (stage == "train")


def test_every_grid_has_jobs_and_the_same_one_twice_in_none() -> None:
    for name in grids.all_experiments():
        jobs = combinations(grids.grid(name).params())
        assert len({tuple(job) for job in jobs}) == len(jobs) > 0


@pytest.mark.parametrize(("target", "scale"), [("table99", "smoke"), ("table7", "huge"), ("figure1", "mini")])
def test_what_has_no_experiments_names_what_has(target: str, scale: str) -> None:
    with pytest.raises(ConfigError, match=f"target={target} has no experiment at scale={scale}"):
        grids.experiments(target, scale=scale)
