from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from clinsynth import artifacts
from clinsynth.artifacts import FILES, ArtifactStore, check_files, known_digest, read_entry
from clinsynth.errors import DataFormatError
from clinsynth.keys import digest, file_digest

SPAWN = multiprocessing.get_context("spawn")
CONTENT = {"seed": 0, "words": ["a", "b"]}


def write(folder: Path) -> dict[str, Any]:
    (folder / "data.txt").write_text("made", encoding="utf-8")
    return {"examples": 3}


def refuse(folder: Path) -> None:
    raise AssertionError(f"built again in {folder}")


def build(store: ArtifactStore, builder: Any = write, *, content: Any = CONTENT, replace: bool = False) -> Path:
    return store.build("corpus", version="1", content=content, builder=builder, replace=replace)


def entries(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.name != "locks")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": (1, 2)}, {"a": [1, 2]}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"a": "1"}, False),
        (["a", "b"], ["b", "a"], False),
        ("é", "e", False),
    ],
)
def test_digest_is_of_the_content(left: Any, right: Any, same: bool) -> None:
    assert (digest(left) == digest(right)) is same
    assert len(digest(left)) == 64


def test_digest_never_changes() -> None:
    """Folders that were built are found again by a later release."""
    assert digest({"b": [1, None, True], "a": "é"}).startswith("f5327588d116")


def test_file_digest_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert file_digest(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_entry_is_built_once(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "store")
    first = build(store)
    assert first == store.folder("corpus", version="1", content=CONTENT)
    assert build(store, refuse) == first
    assert (first / "data.txt").read_text(encoding="utf-8") == "made"
    assert json.loads((first / "manifest.json").read_text(encoding="utf-8")) == {
        "kind": "corpus",
        "version": "1",
        "digest": digest(CONTENT),
        "content": CONTENT,
        "files": {"data.txt": hashlib.sha256(b"made").hexdigest()},
        "examples": 3,
    }
    assert entries(store.root) == [f"corpus-1-{digest(CONTENT)[:12]}"]


def test_kind_version_and_content_tell_entries_apart(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    folders = {
        store.folder(kind, version=version, content=content)
        for kind, version, content in [("a", "1", 0), ("b", "1", 0), ("a", "2", 0), ("a", "1", 1)]
    }
    assert len(folders) == 4


def test_a_builder_that_raises_leaves_nothing(tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        write(folder)
        raise RuntimeError("disk full")

    store = ArtifactStore(tmp_path)
    with pytest.raises(RuntimeError, match="disk full"):
        build(store, half)
    assert entries(tmp_path) == []
    assert (build(store) / "data.txt").is_file()


def test_replace_builds_anew(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    folder = build(store)
    (folder / "old.txt").touch()

    def other(scratch: Path) -> None:
        (scratch / "data.txt").write_text("made anew", encoding="utf-8")

    assert build(store, other, replace=True) == folder
    assert (folder / "data.txt").read_text(encoding="utf-8") == "made anew"
    assert not (folder / "old.txt").exists()
    assert entries(tmp_path) == [folder.name]


def test_replace_that_fails_keeps_the_old_entry(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    folder = build(store)
    with pytest.raises(AssertionError, match="built again"):
        build(store, refuse, replace=True)
    assert (folder / "data.txt").read_text(encoding="utf-8") == "made"
    assert entries(tmp_path) == [folder.name]


def _build_beside(root: str, start: Barrier) -> None:
    def count(folder: Path) -> None:
        (Path(root) / f"built-{os.getpid()}").touch()
        time.sleep(0.2)  # the others are waiting by now
        write(folder)

    start.wait(60)
    folder = build(ArtifactStore(Path(root)), count)
    assert (folder / "data.txt").read_text(encoding="utf-8") == "made"


def test_of_many_processes_one_builds(tmp_path: Path) -> None:
    start = SPAWN.Barrier(4)
    builders = [SPAWN.Process(target=_build_beside, args=(str(tmp_path), start)) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(60)
    assert [builder.exitcode for builder in builders] == [0] * 4
    assert len(list(tmp_path.glob("built-*"))) == 1


def _build_for_ever(root: str) -> None:
    def half(folder: Path) -> None:
        write(folder)
        (Path(root) / "half-way").touch()
        time.sleep(120)

    build(ArtifactStore(Path(root)), half)


def test_what_a_killed_builder_left_is_never_used(tmp_path: Path) -> None:
    builder = SPAWN.Process(target=_build_for_ever, args=(str(tmp_path),))
    builder.start()
    for _ in range(600):
        if (tmp_path / "half-way").exists():
            break
        time.sleep(0.1)
    assert builder.pid is not None
    os.kill(builder.pid, signal.SIGKILL)
    builder.join(60)
    (tmp_path / "half-way").unlink()
    (leftover,) = entries(tmp_path)

    store = ArtifactStore(tmp_path)
    folder = build(store)
    assert folder.name != leftover
    assert (folder / "manifest.json").is_file()
    assert entries(tmp_path) == [folder.name]


def test_the_leftovers_of_another_entry_stay(tmp_path: Path) -> None:
    """Its builder may be alive."""
    store = ArtifactStore(tmp_path)
    other = store.folder("corpus", version="1", content="other")
    beside = tmp_path / f".{other.name}-abc"
    beside.mkdir()
    build(store)
    assert beside.is_dir()


def test_what_was_changed_since_it_was_written_is_named(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        write(folder)
        (folder / "below").mkdir()
        (folder / "below" / "more.txt").write_text("made", encoding="utf-8")
        (folder / "README.md").write_text("A card, which people edit.", encoding="utf-8")

    folder = build(ArtifactStore(tmp_path), fill)
    files = read_entry(folder, mend="")[FILES]
    (folder / "README.md").write_text("edited", encoding="utf-8")
    check_files(folder, files, mend="")
    for name in ("data.txt", "below/more.txt"):
        path = folder / name
        for content, said in ((b"mad", "not what was written"), (b"mode", "not what was written"), (None, "is gone")):
            path.unlink() if content is None else path.write_bytes(content)
            with pytest.raises(DataFormatError, match=f"{path} .*{said}.*Make it again"):
                check_files(folder, files, mend="Make it again.")
        path.write_bytes(b"made")
        check_files(folder, files, mend="")


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff"])
def test_a_manifest_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DataFormatError, match=r"manifest\.json is damaged .* Make it again"):
        read_entry(tmp_path, mend="Make it again.")


def test_a_file_is_read_again_only_where_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = tmp_path / "weights", []
    monkeypatch.setattr(artifacts, "file_digest", lambda path: read.append(path) or file_digest(path))
    path.write_bytes(b"one")
    first = known_digest(path)
    assert [known_digest(path) for _ in range(3)] == [first] * 3
    assert len(read) == 1
    path.write_bytes(b"four")
    assert known_digest(path) == hashlib.sha256(b"four").hexdigest()
