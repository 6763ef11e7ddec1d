"""Searches for settings: the space, trials that are given up or killed, a study that is continued, its score."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from clinsynth.cli import studies
from clinsynth.errors import ConfigError
from clinsynth.stages import Job, trials
from clinsynth.types import Summary
from support import TINY, Command

optuna = pytest.importorskip("optuna")

SPACE = ("trainer.devel=gold", "backbone.lr=tag(log, interval(1e-5, 1e-2))", "trainer.epochs=range(1,4)", "size=n1,n5")
STUDY = ("-m", "hydra/sweeper=optuna", "hydra.sweeper.storage=studies.db")


def load(name: str = "train") -> Any:
    return optuna.load_study(study_name=name, storage=trials.address(Path("studies.db")))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Settings of the trainings that were asked for: none is run, each has a score that hangs on its learning rate."""
    from clinsynth import stages

    asked: list[Any] = []

    def begin(settings: Any, *, job: Job) -> Summary:
        asked.append(settings)
        if len(asked) == 5:
            raise KeyboardInterrupt
        score = 1 - abs(settings.backbone.lr - 1e-3) * 100
        return Summary(f"run{job.folder.name}", "key", None, None, 1, {"devel/best_f1": score, "test/f1": 0.0})

    monkeypatch.setattr(stages, "begin", begin)
    return asked


def test_a_study_is_stopped_and_continued(clinsynth: Command, with_store: Path, scored: list[Any]) -> None:
    words = ("train", *STUDY, "hydra.sweeper.trials=12", "source=synthetic", *SPACE)
    assert clinsynth(*words).status == 130
    assert [trial.state.name for trial in load().trials] == ["COMPLETE"] * 4 + ["RUNNING"]
    said = clinsynth(*words)
    assert (said.status, said.err) == (0, "")
    assert "study train: 4 of 12 trials are done" in said.out
    study = load()
    states = [trial.state.name for trial in study.trials]
    assert (states.count("COMPLETE"), states.count("FAIL"), len(states)) == (12, 1, 13)
    first = {"backbone.lr": 3e-4, "trainer.epochs": 3, "size": "n1"}  # the settings as they are; no list has n30
    assert study.trials[0].params == first
    assert (scored[0].backbone.lr, scored[0].trainer.devel) == (3e-4, "gold")
    assert {settings.size.per_unit for settings in scored} == {1, 5}
    assert {settings.trainer.epochs for settings in scored} <= {1, 2, 3}
    assert study.best_value >= study.trials[0].value
    assert f"best: {100 * study.best_value:.1f} on devel" in said.out
    (pictures,) = {path.parent for path in Path("multirun/train").glob("*/history.png")}
    assert (pictures / "importances.png").is_file()
    again = clinsynth(*words)
    assert "12 of 12 trials are done" in again.out
    assert len(load().trials) == 13


def test_trials_train_and_are_given_up(clinsynth: Command, with_store: Path, tiny_bert: Path) -> None:
    """A model of random weights, whose devel score is that of guessing: what is bad at once is given up."""
    model = (f"backbone.name_or_path={tiny_bert}", *TINY, "source=original", "trainer.holdout=0.5")
    said = clinsynth(
        *("train", *STUDY, "hydra.sweeper.trials=6", *model, "trainer.max_epochs=3", "trainer.epochs=3"),
        "backbone.lr=1e-12,3e-3",
    )
    assert said.status == 0, said.err
    study = load()
    assert len(study.trials) == 6
    assert study.trials[0].intermediate_values
    assert study.best_value == max(trial.value for trial in study.trials if trial.value is not None)
    assert re.search(r"best: \d+\.\d on devel, trial \d: clinsynth train ", said.out)


def test_a_search_of_the_package_is_a_study(clinsynth: Command, with_store: Path, scored: list[Any]) -> None:
    """Its word begins the study, and stands in no job: the command of a trial trains once."""
    said = clinsynth("train", "search=ner", "hydra.sweeper.storage=studies.db", "hydra.sweeper.trials=3", "seed=7")
    assert (said.status, said.err) == (0, "")
    usual = {"backbone.lr": 3e-4, "backbone.batch_size": "16", "trainer.epochs": 3, "trainer.min_steps": "300"}
    assert load().trials[0].params == usual | {"size": "default", "annotator": "default"}
    assert [(settings.seed, settings.trainer.save_model) for settings in scored] == [(7, False)] * 3
    best = next(line for line in said.out.splitlines() if line.startswith("best: "))
    assert "search=" not in best
    assert "trainer.devel=gold" in best
    jobs = [OmegaConf.load(path) for path in Path("multirun/train").glob("*/[0-2]/.hydra/hydra.yaml")]
    assert {tuple(word for word in job.hydra.overrides.task if "search" in word) for job in jobs} == {()}
    assert [trials.of_job(job.hydra).study for job in jobs] == ["train"] * 3


def test_another_space_is_another_study(clinsynth: Command, with_store: Path, scored: list[Any]) -> None:
    study = ("train", *STUDY, "hydra.sweeper.trials=1", "source=original", "backbone.lr=1e-3,1e-4")
    assert clinsynth(*study).status == 0
    said = clinsynth(*study, "seed=3")
    assert said.status == 2
    assert "has searched another space, or with other settings (seed=3)" in " ".join(said.err.split())
    assert clinsynth(*study, "hydra.sweeper.trials=2").status == 0


def test_data_are_chosen_on_the_same_gold(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("train", *STUDY, "annotator=seed,llm", "trainer.holdout=0.1")
    assert said.status == 2
    assert "annotator would be chosen on what is held out of each trial's own data" in " ".join(said.err.split())


def test_the_test_set_chooses_nothing(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("train", *STUDY, "hydra.sweeper.metric=test/f1", "seed=0,1")
    assert said.status == 2
    assert "settings are chosen on devel alone" in " ".join(said.err.split())


def test_a_space_that_is_empty_is_refused(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("train", *STUDY, "seed=0")
    assert said.status == 2
    assert "a study needs something to choose" in " ".join(said.err.split())


def test_words_of_hydra_are_distributions() -> None:
    params = {"trainer.epochs": "range(3,12,3)", "backbone.lr": "tag(log, interval(1e-5, 1e-3))"}
    space = studies._space(["seed=3", "annotator=llm,seed"], params=params)
    assert space.fixed == ("seed=3",)
    assert space.free["trainer.epochs"] == optuna.distributions.IntDistribution(3, 9, step=3)
    assert space.free["backbone.lr"] == optuna.distributions.FloatDistribution(1e-5, 1e-3, log=True)
    assert space.free["annotator"] == optuna.distributions.CategoricalDistribution(["llm", "seed"])
    assert space.words({"annotator": "llm"}) == ["seed=3", "annotator=llm"]
    assert studies._space(["annotator=a,b", "trainer.epochs=5"], params=params).fixed == ("trainer.epochs=5",)


def test_a_job_without_devel_is_no_trial() -> None:
    with pytest.raises(ConfigError, match=r"trainer\.holdout=0\.1"):
        trials.objective(Summary("run", "key", None, None, 1, {"test/f1": 1.0}), metric="devel")
