"""What a push sends, and what it says when it cannot; the hub is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants

from clinsynth.errors import ConfigError, Unreachable
from clinsynth.publishing import hub
from mock_hub import HUB_TOKEN, MockHub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("README.md", b"# Mine\n"), ("data/a.parquet", b"PAR1\x00\xff"), ("foreign.txt", b"secret")):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)
    return tmp_path / "out"


def push(folder: Path, *, private: bool = True, kind: str = "dataset") -> str:
    files = ["README.md", "data/a.parquet"]
    return hub.push(folder, repository="me/mine", kind=kind, files=files, private=private)


@pytest.mark.parametrize(("kind", "place"), [("dataset", "datasets/me/mine"), ("model", "me/mine")])
@pytest.mark.parametrize("private", [True, False])
def test_the_files_of_the_export_arrive_and_no_others(
    stand_in: MockHub, folder: Path, kind: str, place: str, private: bool
) -> None:
    assert push(folder, private=private, kind=kind) == f"{stand_in.url}/{place}"
    name = f"{kind}s/me/mine"
    assert stand_in.repositories == {name: {"private": private}}
    assert stand_in.files[name] == {"README.md": b"# Mine\n", "data/a.parquet": b"PAR1\x00\xff"}
    assert {header for _, header in stand_in.asked} == {f"Bearer {HUB_TOKEN}"}


def test_a_push_can_be_repeated(stand_in: MockHub, folder: Path) -> None:
    push(folder)
    (folder / "README.md").write_bytes(b"# Better\n")
    push(folder)
    assert stand_in.files["datasets/me/mine"]["README.md"] == b"# Better\n"


def test_what_shall_be_private_goes_into_no_public_repository(stand_in: MockHub, folder: Path) -> None:
    stand_in.repositories["datasets/me/mine"] = {"private": False}
    stand_in.files["datasets/me/mine"] = {}
    with pytest.raises(ConfigError, match="everybody sees it"):
        push(folder)
    assert stand_in.files["datasets/me/mine"] == {}
    push(folder, private=False)
    assert len(stand_in.files["datasets/me/mine"]) == 2


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ({"/api/repos/create": 403}, ConfigError, r"refuses it \(403: the token may not write there"),
        ({"/api/": 401}, ConfigError, r"refuses it \(401: the token is not known there"),
        ({"/commit/": 403}, ConfigError, r"refuses it \(403"),
        ({"/api/repos/create": 500}, Unreachable, r"refuses it \(500"),
    ],
)
def test_what_the_hub_refuses_is_said_without_the_token(
    stand_in: MockHub, folder: Path, fault: dict[str, int], error: type[Exception], said: str
) -> None:
    stand_in.fault = fault
    with pytest.raises(error, match=said) as found:
        push(folder)
    assert "the same command again goes on with the push" in str(found.value)
    assert HUB_TOKEN not in str(found.value)


def test_a_hub_that_does_not_answer_is_unreachable(stand_in: MockHub, folder: Path) -> None:
    stand_in.stop()
    with pytest.raises(Unreachable, match=f"{stand_in.url} does not answer"):
        push(folder)


def test_offline_mode_is_named(stand_in: MockHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Unreachable, match="is HF_HUB_OFFLINE unset"):
        push(folder)
    assert not stand_in.asked


def test_without_a_token_nothing_is_asked(stand_in: MockHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "get_token", lambda: None)
    with pytest.raises(ConfigError, match="needs a token that may write: set HF_TOKEN"):
        push(folder)
    assert not stand_in.asked


@pytest.mark.parametrize("name", ["mine", "me/mine/more", "me/my name", "me/mine.git", "/mine"])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"push={name}"):
        hub.check_name(name)


def test_a_good_name_passes() -> None:
    hub.check_name("me/my-corpus_1.0")
