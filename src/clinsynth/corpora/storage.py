"""Corpora in the artifact store: the synthetic examples of one generation, kept ones and rejected ones."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from clinsynth import tasks
from clinsynth.analysis.variety import compare
from clinsynth.artifacts import ArtifactStore, write_whole
from clinsynth.corpora.manifest import FILE, Manifest, read_manifest
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.json_lines import read_json_lines, write_json_lines
from clinsynth.keys import digest
from clinsynth.publishing import folders, parquet
from clinsynth.task import Examples
from clinsynth.types import Gold

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
    """Which unit each example was written for."""
    manifest: Manifest

    def rows(self) -> list[dict[str, Any]]:
        """Return the examples as they were written down."""
        return read_json_lines(self.folder / EXAMPLES)

    def rejected(self) -> list[dict[str, Any]]:
        """Return the rejected texts as they were written down, each with its `reason`."""
        return read_json_lines(self.folder / REJECTED)


def load_corpus(folder: Path) -> Corpus:
    """Return a corpus of the store."""
    manifest, rows = read_manifest(folder), read_json_lines(folder / EXAMPLES)
    examples = tuple(map(tasks.kind(manifest.task).examples.from_json, rows))
    return Corpus(manifest.digest[:12], folder, examples, tuple(row["unit"] for row in rows), manifest)


def write_examples(
    folder: Path, *, kept: Sequence[dict[str, Any]], rejected: Sequence[dict[str, Any]], gold: Gold, of: Examples
) -> dict[str, Any]:
    """Write the rows of a corpus into its folder; returns the fields of its manifest that are counted in them."""
    write_json_lines(folder / EXAMPLES, kept)
    write_json_lines(folder / REJECTED, rejected)
    examples = [of.from_json(row) for row in kept]
    return {
        "rejected": dict(Counter(row["reason"] for row in rejected).most_common()),
        "described": of.describe(examples),
        "statistics": compare(examples, gold=gold.train or gold.test, of=of),
    }


def find_corpus(start: str, *, store: ArtifactStore) -> Path:
    """Return the folder of the corpus whose digest begins with `start`; `latest` is the one that was built last.

    A folder that `clinsynth export` wrote is taken into the store.
    """
    there = sorted(store.root.glob(f"{KIND}-*"), key=lambda folder: folder.stat().st_mtime)
    chosen = [folder for folder in there if folder.name.rpartition("-")[2].startswith(start)]
    if start == "latest":
        chosen = there[-1:]
    exported = Path(start).expanduser()
    if not chosen and (exported / folders.MANIFEST).is_file():
        return _take_in(exported, store=store)
    if len(chosen) != 1:
        newest = ", ".join(folder.name.rpartition("-")[2] for folder in there[-8:]) or "none"
        raise ConfigError(
            f"corpus={start} is {'no' if not chosen else 'more than one'} corpus of {store.root}, nor a folder that "
            f"`clinsynth export` wrote. The newest are: {newest}. `clinsynth train source=synthetic` builds one and "
            "names its digest."
        )
    return chosen[0]


def _take_in(exported: Path, *, store: ArtifactStore) -> Path:
    """Put an exported corpus into the store, with the digest that it had; raises DataFormatError for another one."""
    try:
        content = json.loads((exported / folders.MANIFEST).read_text(encoding="utf-8"))
        exports = content.pop(folders.EXPORT)["files"]
        files = [name for name in (parquet.KEPT, parquet.REJECTED) if name in exports]
        manifest, version = Manifest.from_json(content), str(content["version"])
        known = (manifest.kind, manifest.digest) == (KIND, digest(manifest.content))
        known = known and re.fullmatch(r"[\w.-]+", version) is not None
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise DataFormatError(f"{exported} is no corpus that `clinsynth export` wrote, or its manifest was changed.")
    changed = [name for name in files if not folders.intact(exported, name)]
    if changed:
        raise DataFormatError(
            f"{exported / changed[0]} is not what `clinsynth export` wrote: the sha256 of the manifest is another one. "
            "Export or download it again."
        )

    def build(folder: Path) -> dict[str, Any]:
        for name, place in ((EXAMPLES, parquet.KEPT), (REJECTED, parquet.REJECTED)):
            write_json_lines(folder / name, parquet.read(exported / place) if place in files else [])
        return manifest.entries()

    return store.build(KIND, version=version, content=manifest.content, builder=build)


def note_in_manifest(folder: Path, *, store: ArtifactStore, **entries: Any) -> None:
    """Add to the manifest of a corpus what was found out later; its digest stays, and so does its age."""
    path, before = folder / FILE, folder.stat()
    with FileLock(store.lock_path(folder.name)):
        content = json.loads(path.read_text(encoding="utf-8")) | entries
        write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))  # by which `find_corpus` knows the newest
