"""Corpora in the artifact store: the synthetic examples of one generation, kept ones and rejected ones."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from clinsynth import tasks
from clinsynth.artifacts import ArtifactStore, json_lines, write_whole
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files import parquet
from clinsynth.files.exported import EXPORT, MANIFEST, is_intact
from clinsynth.keys import digest

KIND = "corpus"
EXAMPLES, REJECTED = "examples.jsonl", "rejected.jsonl"


@dataclass(frozen=True)
class Corpus:
    """The synthetic examples of one generation."""

    digest: str
    """12 hex digits, as in the folder's name."""
    folder: Path
    examples: tuple[Any, ...]
    units: tuple[str, ...]
    """What each example was asked for."""
    manifest: dict[str, Any]


def load(folder: Path) -> Corpus:
    """A corpus of the store."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    of = tasks.kind(manifest["task"]).examples
    found = rows(folder / EXAMPLES)
    examples, units = tuple(map(of.from_json, found)), tuple(row["unit"] for row in found)
    return Corpus(manifest["digest"][:12], folder, examples, units, manifest)


def find(start: str, *, store: ArtifactStore) -> Path:
    """The folder of the corpus whose digest begins with `start`; `latest` is the one that was built last.

    A folder that `clinsynth export` wrote is taken into the store.
    """
    there = sorted(store.root.glob(f"{KIND}-*"), key=lambda folder: folder.stat().st_mtime)
    chosen = [folder for folder in there if folder.name.rpartition("-")[2].startswith(start)]
    if start == "latest":
        chosen = there[-1:]
    exported = Path(start).expanduser()
    if not chosen and (exported / MANIFEST).is_file():
        return _taken_in(exported, store=store)
    if len(chosen) != 1:
        newest = ", ".join(folder.name.rpartition("-")[2] for folder in there[-8:]) or "none"
        raise ConfigError(
            f"corpus={start} is {'no' if not chosen else 'more than one'} corpus of {store.root}, nor a folder that "
            f"`clinsynth export` wrote. The newest are: {newest}. `clinsynth train source=synthetic` builds one and "
            "names its digest."
        )
    return chosen[0]


def _taken_in(exported: Path, *, store: ArtifactStore) -> Path:
    """An exported corpus as one of the store, with the digest that it had; raises DataFormatError for another one."""
    try:
        manifest = json.loads((exported / MANIFEST).read_text(encoding="utf-8"))
        exports = manifest.pop(EXPORT)["files"]
        files = [name for name in (parquet.KEPT, parquet.REJECTED) if name in exports]
        kind, version, content, told = (manifest.pop(name) for name in ("kind", "version", "content", "digest"))
        known = kind == KIND and told == digest(content) and re.fullmatch(r"[\w.-]+", version)
    except (ValueError, KeyError, TypeError, AttributeError):
        known = None
    if not known:
        raise DataFormatError(f"{exported} is no corpus that `clinsynth export` wrote, or its manifest was changed.")
    changed = [name for name in files if not is_intact(exported, name)]
    if changed:
        raise DataFormatError(
            f"{exported / changed[0]} is not what `clinsynth export` wrote: the sha256 of the manifest is another one. "
            "Export or download it again."
        )

    def build(folder: Path) -> dict[str, Any]:
        for name, place in ((EXAMPLES, parquet.KEPT), (REJECTED, parquet.REJECTED)):
            write(folder / name, parquet.read_parquet(exported / place) if place in files else [])
        return dict(manifest)

    return store.build(KIND, version=version, content=content, builder=build)


def note(folder: Path, *, store: ArtifactStore, **told: Any) -> None:
    """Add to the manifest of a corpus what was found out later; its digest stays, and so does its age."""
    path, before = folder / "manifest.json", folder.stat()
    with FileLock(store.lock_path(folder.name)):
        manifest = json.loads(path.read_text(encoding="utf-8")) | told
        write_whole(path, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))  # by which `find` knows the newest


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path: Path, content: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines that `rows` reads."""
    path.write_text(json_lines(content), encoding="utf-8")
