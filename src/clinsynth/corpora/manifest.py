"""The `manifest.json` of a corpus's folder: all that is written down beside its examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from clinsynth.types import Prompt

FILE = "manifest.json"

OF_THE_STORE = ("kind", "version", "digest", "content")
"""Fields that the artifact store adds; nobody else writes them."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of `manifest.json`, in the order of the file, in which a field that is `None` does not stand."""

    kind: str | None = None
    version: str | None = None
    digest: str = ""
    """64 hex digits; empty for a corpus that is not in the store yet."""
    content: Mapping[str, Any] = field(default_factory=dict)
    """All that decides the digest."""
    task: str
    labels: Sequence[str]
    dataset: str
    public: bool | None = None
    """Whether the dataset's texts may be shown; `None`, like the next two, in a manifest of an early release."""
    licence: str | None = None
    language: str | None = None
    """The language of the texts; `None` where the dataset does not say it, too."""
    meanings: Mapping[str, str] | None = None
    """The meanings of labels, where the dataset says so."""
    models: Sequence[str]
    """Which LLMs have written the texts."""
    prompt: Prompt
    annotator: str
    corpora: Sequence[str] | None = None
    """Digests of the corpora that this one is made of."""
    counts: Mapping[str, int]
    rejected: Mapping[str, int]
    """How many texts were rejected, by the reason."""
    short: Mapping[str, int]
    """How many usable texts there are of each unit that has fewer than are wanted."""
    described: Mapping[str, int]
    """How many examples, and of which label; the first entry is all of them."""
    statistics: Mapping[str, Mapping[str, float]]
    """Lengths and variety of the texts, `synthetic` and `gold`."""
    reviewed: Mapping[str, str] | None = None
    """Which corpus this one is after a review (`base`), after which review, and how its judgements were used."""
    review: Mapping[str, Any] | None = None
    """The result of the latest review of this corpus."""
    unknown: Mapping[str, Any] = field(default_factory=dict)
    """Entries of another release, which are carried along."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        """Return the manifest of a file's content; raises TypeError or KeyError where that is none of a corpus."""
        names = {item.name for item in fields(cls)} - {"unknown"}
        known = {name: value for name, value in content.items() if name in names}
        unknown = {name: value for name, value in content.items() if name not in names}
        return cls(**known | {"prompt": Prompt(**content["prompt"])}, unknown=unknown)

    def to_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        found = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "unknown"}
        found |= {"prompt": asdict(self.prompt)}
        return {name: value for name, value in found.items() if value is not None} | dict(self.unknown)

    def entries(self) -> dict[str, Any]:
        """Return the content of the file without what the artifact store adds."""
        return {name: value for name, value in self.to_json().items() if name not in OF_THE_STORE}


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a corpus's folder."""
    return Manifest.from_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
