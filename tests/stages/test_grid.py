from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from clinsynth import config, tasks
from clinsynth.config import grids
from clinsynth.errors import ConfigError
from clinsynth.stages import grid, targets
from clinsynth.stages.overrides import combinations
from support import CORPORA, Composed, needs_corpora

SCALES = ("smoke", pytest.param("mini", marks=needs_corpora), pytest.param("paper", marks=needs_corpora))


@pytest.fixture(autouse=True)
def registered() -> None:
    config.register(tasks.schemas())


@pytest.mark.parametrize("scale", SCALES)
def test_every_target_but_the_search_has_experiments_at_every_scale(scale: str) -> None:
    assert {*grids.targets(scale), "figure1"} == set(targets.TITLES)


@pytest.mark.parametrize("experiment", ["train/smoke/table8", "train/smoke/table-asd", "zero_shot/smoke/table1"])
def test_a_job_that_is_put_together_is_the_one_that_hydra_composes(experiment: str) -> None:
    stage, overrides = experiment.partition("/")[0], ["llm.temperature=0.5", "prompt.name=mine", "prompt.text=t"]
    with grid.own_hydra():
        composer = grid.Composer(stage, experiment)
        jobs = combinations(grids.grid(experiment).params())
        for words in (*jobs, [*jobs[0][:1], *overrides]):
            whole = compose(stage, overrides=[f"experiment={experiment}", *words])
            assert OmegaConf.to_yaml(composer.compose(words)) == OmegaConf.to_yaml(whole)


@pytest.mark.parametrize("scale", ["mini", "paper"])
def test_every_grid_becomes_jobs_of_its_stage(scale: str) -> None:
    """Composes one job of each; `tests/golden` composes all, those of mini and paper where there are corpora."""
    with grid.own_hydra():
        loader = GlobalHydra.instance().config_loader()
        groups = loader.list_groups("")
        for experiment in (name for target in grids.targets(scale) for name in grids.experiments(target, scale=scale)):
            found = grids.grid(experiment)
            *_, last = combinations(found.params())
            composed = compose(found.stage, overrides=[f"experiment={experiment}", *last])
            config.typed(composed, config.STAGES[found.stage])
            for group, options in found.params().items():
                if group in groups:
                    others = set(options.split(",")) - set(loader.get_group_options(group))  # sizes need not be listed
                    for option in others:
                        compose(found.stage, overrides=[f"experiment={experiment}", *last, f"{group}={option}"])


@needs_corpora
def test_targets_share_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINSYNTH_DATA", str(CORPORA))
    keys = {name: {job.run_key for job in grid.jobs(name, scale="mini")} for name in ("table2", "table7", "figure2")}
    assert keys["table2"] < keys["table7"]
    assert len(keys["table7"] & keys["figure2"]) >= 6


def test_an_override_replaces_an_axis_and_holds_for_each_job() -> None:
    jobs = grid.jobs("table3", scale="smoke", overrides=["seed=5,6,7", "backbone.max_length=64"])
    trained = [job for job in jobs if job.stage == "train"]
    assert [job.settings.seed for job in trained] == [5, 6, 7]
    assert all(job.settings.backbone.max_length == 64 for job in trained)
    assert "seed=6" in trained[1].command


def test_a_job_alone_has_the_run_key_of_its_place_in_the_grid() -> None:
    from clinsynth.stages import train

    job = grid.jobs("table8", scale="smoke")[5]
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        alone = config.typed(compose("train", overrides=list(job.command[2:-1])), config.STAGES["train"])
    assert train.planned(alone)[1] == job.run_key


def test_rows_that_are_proposed_are_part_of_the_planned_key(composed: Composed) -> None:
    from clinsynth.stages import train

    words = ("dataset=sample_relation", "size=t100", "llm=local", "llm.model=m")
    settings = composed("train", *words)
    resolved, key = train.planned(settings)
    assert settings.dataset.pool is not None  # of another dataset, for recorded rounds
    assert resolved.dataset.pool is not None
    assert resolved.dataset.pool.file is None  # of its own
    assert train.planned(resolved)[1] == key  # as when the user has put the proposal into the config


def test_what_has_no_experiments_names_what_has() -> None:
    with pytest.raises(ConfigError, match=r"target=table99 has no experiment at scale=smoke.*table7"):
        grid.jobs("table99", scale="smoke")
