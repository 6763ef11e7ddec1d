"""What Hydra remembers of its compositions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf

from clinsynth import config, tasks
from clinsynth.config import remembered
from clinsynth.errors import ConfigError

Merges = list[int]


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> Merges:
    """A number for each composition whose files are merged anew."""
    config.register(tasks.schemas())
    found: Merges = []
    embed = ConfigLoaderImpl._load_single_config

    def load(self: ConfigLoaderImpl, *, default: Any, repo: Any) -> Any:
        if default.primary:
            found.append(len(found))
        return embed(self, default=default, repo=repo)

    monkeypatch.setattr(ConfigLoaderImpl, "_load_single_config", load)
    return found


def composed(*words: str, stage: str = "train") -> Any:
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        return compose(stage, overrides=list(words))


def with_folder(folder: Path, *words: str) -> Any:
    return composed(f"hydra.searchpath=['file://{folder}']", *words)


def backbone(folder: Path, name: str, *, lr: float) -> Path:
    content = (config.conf_folder() / "backbone" / "bert.yaml").read_text(encoding="utf-8")
    path = folder / "backbone" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{content.replace('lr: 5e-5', f'lr: {lr}')}", encoding="utf-8")
    return path


def test_jobs_that_differ_in_keys_are_merged_once(merges: Merges) -> None:
    words = ("dataset=sample_ner", "source=synthetic")
    first = composed(*words, "seed=11", "size=n7")
    merges.clear()
    others = [composed(*words, f"seed={seed}", "size=n7", "+tracking.new=1") for seed in (12, 13)]
    assert [other.seed for other in others] == [12, 13]
    assert not merges
    assert "new" not in first.tracking
    assert composed(*words, "size=n8").size.per_unit == 8
    assert len(merges) == 1


@pytest.mark.parametrize("stage", ["train", "zero_shot", "report", "search_prompts"])
def test_what_is_remembered_is_what_hydra_composes(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["tracking.uri=sqlite:///mine.db"]
    config.register(tasks.schemas())
    again = [config.typed(composed(*words, stage=stage), config.STAGES[stage]) for _ in range(2)]
    text = OmegaConf.to_yaml(composed(*words, stage=stage))
    for (owner, name), own in remembered.PLAIN.items():
        monkeypatch.setattr(owner, name, own)
    plain = composed(*words, stage=stage)
    assert OmegaConf.to_yaml(plain) == text
    assert again == [config.typed(plain, config.STAGES[stage])] * 2


def test_what_is_changed_in_one_is_not_in_the_next(merges: Merges) -> None:
    one = composed("seed=21")
    one.backbone.lr = 0.5
    one.units.only.append("gout")
    assert composed("seed=22").backbone.lr != 0.5
    assert not composed("seed=21").units.only


def test_a_file_that_is_changed_or_removed_is_read_anew(merges: Merges, tmp_path: Path) -> None:
    path = backbone(tmp_path, "mine", lr=0.25)
    assert with_folder(tmp_path, "backbone=mine").backbone.lr == 0.25
    backbone(tmp_path, "mine", lr=0.125)
    assert with_folder(tmp_path, "backbone=mine").backbone.lr == 0.125
    path.unlink()
    with pytest.raises(Exception, match="Could not find 'backbone/mine'"):
        with_folder(tmp_path, "backbone=mine")


def test_a_file_of_ones_own_is_read_anew(merges: Merges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for lr in (0.25, 0.125):
        backbone(tmp_path, "mine", lr=lr)
        assert composed("backbone=backbone/mine.yaml").backbone.lr == lr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["dataset=nope"], "Could not find 'dataset/nope'"),
        (["sed=1"], "Could not override 'sed'"),
        (["~size=n3"], "Could not delete 'size=n3'"),
    ],
)
def test_what_is_wrong_is_said_each_time(wrong: list[str], said: str, merges: Merges) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match=said):
            composed("dataset=sample_ner", *wrong)


def test_ranges_are_checked_each_time(merges: Merges) -> None:
    check: Callable[[], Any] = lambda: config.typed(composed("backbone.lr=-1"), config.STAGES["train"])  # noqa: E731
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"backbone\.lr"):
            check()
