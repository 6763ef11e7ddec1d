"""Folders of models: which ones are, what they say of themselves, and by what they are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, saved
from clinsynth.learning.saved import ModelDescription

WHOLE = {"config.json": "{}", "model.safetensors": "weights", "tokenizer.json": "pieces"}
ADAPTER = {"adapter_config.json": "{}", "adapter_model.safetensors": "weights", "tokenizer.json": "pieces"}


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("config.json model.safetensors", True),
        ("config.json model-00001-of-00002.safetensors", True),
        ("config.json pytorch_model.bin", True),
        ("adapter_config.json adapter_model.safetensors", True),
        ("adapter_config.json adapter_model.bin", True),
        ("config.json adapter_config.json adapter_model.safetensors", True),
        ("config.json", False),
        ("config.json tokenizer.json optimizer.bin", False),
        ("adapter_config.json", False),
        ("adapter_config.json adapter_model.pt", False),
        ("model.safetensors tokenizer.json", False),
        ("adapter_model.safetensors", False),
        ("", False),
    ],
)
def test_a_model_is_a_config_and_weights_whole_ones_or_an_adapters(names: str, expected: bool, tmp_path: Path) -> None:
    assert saved.is_model(written(tmp_path / "model", dict.fromkeys(names.split(), "{}"))) is expected


@pytest.mark.parametrize("name", ["config.json", "adapter_config.json"])
def test_a_folder_says_what_its_model_has_learnt_and_how(name: str, tmp_path: Path) -> None:
    section = saved.section(learner="encoder", task="relation", labels=("No", "Yes"))
    assert section == {"learner": "encoder", "task": "relation", "labels": ["No", "Yes"]}
    folder = written(tmp_path / "model", {name: json.dumps({"r": 8, "clinsynth": section})})
    assert saved.describe_model(folder) == ModelDescription("encoder", task="relation", labels=("No", "Yes"))


def test_an_adapter_says_it_where_the_config_beside_it_is_that_of_its_base(tmp_path: Path) -> None:
    section = saved.section(learner="other", task="ner", labels=["O"])
    files = {"config.json": "{}", "adapter_config.json": json.dumps({"clinsynth": section})}
    assert saved.describe_model(written(tmp_path / "model", files)) == ModelDescription(
        "other", task="ner", labels=("O",)
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"config.json": "{}"},
        {"config.json": '{"architectures": ["BertForTokenClassification"], "text_pieces": {"most": 9, "longest": 9}}'},
        {"config.json": "{"},
        {"config.json": "[]"},
        {"config.json": '{"clinsynth": null}'},
        {"config.json": '{"clinsynth": {"task": "ner"}}'},
    ],
    ids=str,
)
def test_folders_of_the_first_edition_or_from_elsewhere_say_nothing(files: dict[str, str], tmp_path: Path) -> None:
    assert saved.describe_model(written(tmp_path / "model", files)) == ModelDescription("encoder", task=None, labels=())


@pytest.mark.parametrize("files", [WHOLE, ADAPTER], ids=["whole", "adapter"])
def test_a_model_is_known_by_what_decides_what_it_makes_of_a_text(files: dict[str, str], tmp_path: Path) -> None:
    known = saved.folder_digest(written(tmp_path / "model", files))
    beside = {"README.md": "mine", "manifest.json": "{}", "training_args.txt": "1", "notes.csv": "2"}
    assert saved.folder_digest(written(tmp_path / "beside", files | beside)) == known
    others = {saved.folder_digest(written(tmp_path / name, files | {name: "another"})) for name in files}
    assert len(others | {known}) == len(files) + 1


def test_a_model_of_the_first_edition_is_known_by_the_same_digest(tmp_path: Path) -> None:
    """It stands in the keys of runs and of predictions."""
    more = {"special_tokens_map.json": "{}", "vocab.txt": "a", "README.md": "mine", "tokenizer_config.json": "{}"}
    found = saved.folder_digest(written(tmp_path / "model", WHOLE | more))
    assert found == "04e94fd0630360384ade235b98819d752a2e74d376ca0c98851769e68fb3b1b8"


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", {"adapter_config.json": "{}"})
    with pytest.raises(ConfigError, match=r"is a folder without model\.safetensors"):
        saved.folder_digest(folder)


def test_what_others_need_of_a_model_is_exported(tmp_path: Path) -> None:
    beside: dict[str, Any] = {"notes.txt": "patients", "manifest.json": "{}", "optimizer.pt": "x"}
    for name, files in (("whole", WHOLE), ("adapter", ADAPTER), ("older", {"adapter_model.bin": "weights"})):
        folder = written(tmp_path / name, files | beside)
        assert [path.name for path in saved.exported(folder)] == sorted(files)


def test_a_learner_of_a_later_release_is_said() -> None:
    with pytest.raises(ConfigError, match="there is no learner seq2seq: those that there are: encoder"):
        open_learner("seq2seq")
