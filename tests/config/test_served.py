"""Options that no file holds: sizes, shares of the units, experiments of targets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import OmegaConf

from clinsynth import config, tasks
from clinsynth.config import grids, served
from support import Command


@pytest.fixture
def loader() -> Iterator[Any]:
    config.register(tasks.schemas())
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def test_what_is_listed_can_be_chosen(loader: Any) -> None:
    for group, options, made in (
        ("size", served.SIZES, served.size),
        ("seed_ratio", served.SEED_RATIOS, served.seed_ratio),
        ("experiment", grids.all_experiments(), served.experiment),
    ):
        assert all(made(option) is not None for option in options)
        assert group in loader.list_groups("")
    assert loader.get_group_options("size", ObjectType.CONFIG) == sorted(served.SIZES)
    assert {"annotators", "sources"} <= set(loader.get_group_options("experiment/train/demo", ObjectType.CONFIG))
    assert "table7_few" in loader.get_group_options("experiment/train/mini", ObjectType.CONFIG)
    assert {"demo", "mini", "paper", "smoke"} < set(loader.get_group_options("experiment/train", None))
    assert loader.get_group_options("size/n1", ObjectType.CONFIG) == []


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("size=default", "size", {"per_unit": None, "total": None}),
        ("size=n7", "size", {"per_unit": 7, "total": None}),
        ("size=t123", "size", {"per_unit": None, "total": 123}),
        ("seed_ratio=r000", "seed_ratio", {"value": 0.0}),
        ("seed_ratio=r037", "seed_ratio", {"value": 0.37}),
        ("seed_ratio=r100", "seed_ratio", {"value": 1.0}),
    ],
)
def test_amounts_and_shares_that_are_not_listed_are_options_too(word: str, key: str, value: Any, loader: Any) -> None:
    assert OmegaConf.to_container(compose("train", overrides=[word])[key]) == value


@pytest.mark.parametrize("name", ["", "big", "7", "n", "n0", "n07", "n-1", "n1.5", "t", "N5", "n5 ", "tn5", "n٣"])
def test_what_is_no_amount_is_no_size(name: str) -> None:
    assert served.size(name) is None


@pytest.mark.parametrize("name", ["", "half", "50", "r5", "r50", "r101", "r200", "r0050", "r-10"])
def test_what_is_no_percentage_is_no_share(name: str) -> None:
    assert served.seed_ratio(name) is None


@pytest.mark.parametrize("name", ["", "train", "train/mini", "train/mini/table99", "train/huge/table7", "mini/table7"])
def test_what_no_target_has_is_no_experiment(name: str) -> None:
    assert served.experiment(name) is None


@pytest.mark.parametrize(
    ("words", "named", "accepted"),
    [
        (["size=big"], "Could not find 'size/big'", "size=n7 is 7 per unit, size=t500 is 500 in all"),
        (["size=7"], "size=7 chooses no option", "size=n7 is 7 per unit, size=t500 is 500 in all"),
        (["-m", "size=n7,big"], "Could not find 'size/big'", "size=n7 is 7 per unit, size=t500 is 500 in all"),
        (["seed_ratio=r101"], "Could not find 'seed_ratio/r101'", "seed_ratio=r035 is a share of 0.35"),
    ],
)
def test_nonsense_is_told_with_what_is_accepted(
    words: list[str], named: str, accepted: str, clinsynth: Command
) -> None:
    said = clinsynth("train", *words)
    told = " ".join(said.err.split())
    assert said.status == 2
    assert named in told
    assert accepted in told
    assert "Traceback" not in told


def test_a_number_is_named_and_not_the_dataset_of_ones_own_beside_it(clinsynth: Command) -> None:
    said = clinsynth("train", "dataset=own/mine.yaml", "size=7")
    assert "size=7 chooses no option. Options of size: " in " ".join(said.err.split())


def test_a_file_of_ones_own_may_name_any_amount(clinsynth: Command, workspace: Path) -> None:
    file = workspace / "mine" / "experiment" / "train" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\ndefaults:\n  - override /size: n7\n", encoding="utf-8")
    (workspace / "mine" / "size").mkdir()
    (workspace / "mine" / "size" / "huge.yaml").write_text("per_unit: 900\n", encoding="utf-8")
    own = clinsynth("train", "--config-dir", "mine", "experiment=train/own", "--cfg", "job", "--package", "size")
    assert "per_unit: 7" in own.out
    huge = clinsynth("train", "--config-dir", "mine", "size=huge", "--cfg", "job", "--package", "size")
    assert "per_unit: 900" in huge.out


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("size=n2", ["size=n2", "size=n20", "size=n25"]),
        ("experiment/train/smoke=table7", [f"experiment/train/smoke=table7{name}" for name in ("", "_original")]),
    ],
)
def test_a_shell_completes_them(typed: str, completed: list[str], loader: Any) -> None:
    from hydra._internal.core_plugins.bash_completion import BashCompletion

    assert BashCompletion(loader)._query(config_name="train", line=typed) == completed
