"""Corpora in the artifact store: the synthetic examples of one generation, kept ones and rejected ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinsynth.artifacts import ArtifactStore, json_lines
from clinsynth.errors import ConfigError
from clinsynth.tasks.base import synthesis_room

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
    room = synthesis_room(manifest["task"])
    found = rows(folder / EXAMPLES)
    examples, units = tuple(map(room.from_json, found)), tuple(row["unit"] for row in found)
    return Corpus(manifest["digest"][:12], folder, examples, units, manifest)


def find(start: str, *, store: ArtifactStore) -> Path:
    """The folder of the corpus whose digest begins with `start`; `latest` is the one that was built last."""
    folders = sorted(store.root.glob(f"{KIND}-*"), key=lambda folder: folder.stat().st_mtime)
    chosen = [folder for folder in folders if folder.name.rpartition("-")[2].startswith(start)]
    if start == "latest":
        chosen = folders[-1:]
    if len(chosen) != 1:
        there = ", ".join(folder.name.rpartition("-")[2] for folder in folders[-8:]) or "none"
        raise ConfigError(
            f"corpus={start} is {'no' if not chosen else 'more than one'} corpus of {store.root}. The newest are: "
            f"{there}. `clinsynth train source=synthetic` builds one and names its digest."
        )
    return chosen[0]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path: Path, content: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines that `rows` reads."""
    path.write_text(json_lines(content), encoding="utf-8")
