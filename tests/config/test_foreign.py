"""Configs from others are settings: what would run something is refused before Hydra sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import Command

HARMS = {
    "a callback": "hydra: {callbacks: {evil: {_target_: shutil.copyfile, src: given, dst: ran}}}",
    "a logger": "hydra: {job_logging: {handlers: {evil: {(): shutil.copyfile, src: given, dst: ran}}}}",
    "an environment": "hydra: {job: {env_set: {PATH: given}}}",
    "a key made of text": "hydra: {callbacks: '${oc.create:{evil: os.system}}'}",
    "a key somewhere else": "tracking: {table: [{_target_: os.system}]}",
    "a tag of YAML": "seed: !!python/object/apply:os.system ['touch ran']",
}


def write(name: str, content: str) -> None:
    path = Path("cfg", f"{name}.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.mark.parametrize("harm", HARMS)
def test_what_would_run_something_is_refused(harm: str, clinsynth: Command, workspace: Path) -> None:
    write("experiment/evil", f"# @package _global_\n{HARMS[harm]}\n")
    Path("given").touch()
    said = clinsynth("train", "experiment=evil", "--config-dir=cfg", "source=original", "backbone.name_or_path=/none")
    assert (said.status, "Traceback" in said.err) == (2, False)
    assert "the config experiment/evil has" in said.err or "is no YAML" in said.err
    assert not Path("ran").exists()
    assert not list(workspace.rglob("mlflow.db"))


def test_a_dataset_that_is_a_file_is_looked_at_too(clinsynth: Command, workspace: Path) -> None:
    write("mine", "defaults: [/schema/dataset/ner@_here_]\nname: mine\nhydra: {_target_: os.system}\n")
    said = clinsynth("train", "dataset=cfg/mine.yaml", "--cfg", "job")
    assert (said.status, "the config dataset/cfg/mine.yaml has _target_" in said.err) == (2, True)


def test_launchers_of_plugins_and_words_of_ones_own_are_let_in(clinsynth: Command, workspace: Path) -> None:
    write("hydra/launcher/mine", "_target_: hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher\n")
    own = "+hydra.callbacks.mine._target_=my.Callback"
    said = clinsynth("train", "hydra/launcher=mine", "--config-dir=cfg", own, "--cfg", "hydra")
    assert said.status == 0, said.err
    assert said.out.count("_target_: my.Callback") == said.out.count("_target_: hydra_plugins.hydra_joblib") == 1
