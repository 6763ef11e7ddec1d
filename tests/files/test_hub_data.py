"""Data sets that the library datasets opens, by name or out of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth.config import FileConfig
from clinsynth.errors import ConfigError
from clinsynth.files.annotated.reading import read_annotated
from clinsynth.files.hub_data import HubData
from clinsynth.files.sources import locate


@pytest.mark.parametrize(
    ("path", "parts", "file"),
    [
        ("hf:owner/name", ("owner/name", None, None, None), "hf/owner-name.parquet"),
        ("hf:owner/name:test", ("owner/name", None, None, "test"), "hf/owner-name.test.parquet"),
        ("hf:name@v1.0:small:test", ("name", "v1.0", "small", "test"), "hf/name.v1-0.small.test.parquet"),
    ],
)
def test_a_path_names_a_split(path: str, parts: tuple[str | None, ...], file: str) -> None:
    assert HubData.parse(path) == HubData(*parts)
    assert HubData.parse(path).file == file


@pytest.mark.parametrize("path", ["hf:", "hf:a:b:c:d", "hf:a@"])
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="names no data set"):
        HubData.parse(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that the library opens, with two splits."""
    (tmp_path / "mine").mkdir()
    for split in ("train", "test"):
        (tmp_path / "mine" / f"{split}.csv").write_text(f"text,label\na {split},yes\n", encoding="utf-8")
    return tmp_path / "mine"


def test_a_split_is_kept_as_parquet(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    file = FileConfig(path=f"hf:{folder}:test")
    path = locate(file, data=tmp_path / "data")
    assert path.parent == tmp_path / "data" / "hf"
    (text,) = read_annotated(path)
    assert (text.text, text.labels) == ("a test", ("yes",))
    (folder / "test.csv").unlink()
    assert locate(file, data=tmp_path / "data") == path


@pytest.mark.parametrize(
    ("what", "said"),
    [("", r"has the splits train, test: name one"), (":devel", r"cannot be opened \(.*devel"), ("x:test", "cannot be")],
)
def test_what_there_is_not_is_said(what: str, said: str, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    with pytest.raises(ConfigError, match=said):
        locate(FileConfig(path=f"hf:{folder}{what}"), data=tmp_path)
