"""What Hydra composes for a command."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra.core.config_store import ConfigStore

from clinsynth import config, tasks
from clinsynth.cli.composing import composed_once
from clinsynth.stages import Job, train
from support import Command


@pytest.fixture
def compositions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    whole = ConfigLoaderImpl.load_configuration

    def load(self: ConfigLoaderImpl, config_name: str, *words: Any, **options: Any) -> Any:
        found.append(config_name)
        return whole(self, config_name, *words, **options)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", load)
    return found


def test_a_command_is_composed_once(clinsynth: Command, with_store: Path, compositions: list[str]) -> None:
    said = clinsynth("generate", "dataset=sample_ner", "size=n1", "units.max=1")
    assert said.status == 0, said.err
    assert compositions == ["generate"]


def test_an_experiment_may_make_a_sweep_of_it(
    clinsynth: Command, with_store: Path, compositions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Job] = []
    monkeypatch.setattr(train, "main", lambda settings, *, job: ran.append(job))
    said = clinsynth("train", "experiment=train/demo/sources", "seed=0,1")
    assert said.status == 0, said.err
    assert len(ran) > 1
    assert compositions.count("train") > len(ran)


def test_hydra_is_as_it_was_afterwards() -> None:
    before = Hydra.get_mode
    with composed_once():
        assert Hydra.get_mode is not before
    assert Hydra.get_mode is before


def test_schemas_are_not_copied() -> None:
    config.register(tasks.schemas())
    store = ConfigStore.instance()
    assert copy.deepcopy(store) is store
